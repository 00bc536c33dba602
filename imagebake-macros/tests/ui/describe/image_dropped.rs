use imagebake::prelude::*;

fn web() -> Image {
    let image = Image::new();
    image.source(Null::none());
    Image::new()
}

fn main() {}
