use imagebake::prelude::*;

#[image]
fn web(data: &Data) -> Image {
    Image::new().description(data.time().iso())
}

fn main() {}
