use imagebake::prelude::*;

struct Web {
    version: String,
}

#[image]
fn web(vars: Web) -> Image {
    Image::new().description(vars.version)
}

fn main() {}
