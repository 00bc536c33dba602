use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Null::none()).post(Null::none())
}

fn main() {}
