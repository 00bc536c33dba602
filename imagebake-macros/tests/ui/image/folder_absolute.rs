use imagebake::prelude::*;

#[image(dir = "/srv/shared")]
fn web() -> Image {
    Image::new()
}

fn main() {}
