use imagebake::prelude::*;

#[image(dir = "../shared")]
fn web() -> Image {
    Image::new()
}

fn main() {}
