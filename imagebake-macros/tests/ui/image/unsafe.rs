use imagebake::prelude::*;

#[image]
unsafe fn web() -> Image {
    Image::new()
}

fn main() {}
