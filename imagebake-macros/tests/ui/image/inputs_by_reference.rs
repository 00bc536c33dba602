use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    version: String,
}

#[image]
fn web(vars: &Web) -> Image {
    Image::new().description(&vars.version)
}

fn main() {}
