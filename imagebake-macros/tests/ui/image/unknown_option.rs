use imagebake::prelude::*;

#[image(named = "web")]
fn web() -> Image {
    Image::new()
}

fn main() {}
