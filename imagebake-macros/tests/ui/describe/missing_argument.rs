use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Null::none()).post(Manifest::to())
}

fn main() {}
