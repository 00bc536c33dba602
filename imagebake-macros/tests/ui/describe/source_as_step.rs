use imagebake::prelude::*;

fn web() -> Image {
    Image::new().provision(Null::none())
}

fn main() {}
