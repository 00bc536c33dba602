use imagebake::prelude::*;

#[image(name)]
fn web() -> Image {
    Image::new()
}

fn main() {}
