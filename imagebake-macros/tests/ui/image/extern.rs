use imagebake::prelude::*;

#[image]
extern "C" fn web() -> Image {
    Image::new()
}

fn main() {}
