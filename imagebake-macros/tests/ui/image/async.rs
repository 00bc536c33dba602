use imagebake::prelude::*;

#[image]
async fn web() -> Image {
    Image::new()
}

fn main() {}
