use imagebake::prelude::*;

#[image(name = "web.prod")]
fn web() -> Image {
    Image::new()
}

fn main() {}
