use imagebake::prelude::*;

#[image]
fn web() -> Image {
    Image::new().source(Null::none());
}

fn main() {}
