use imagebake::prelude::*;

#[image(name = web)]
fn web() -> Image {
    Image::new()
}

fn main() {}
