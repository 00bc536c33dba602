use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    version: String,
}

#[image]
fn web(vars: Web, debug: bool) -> Image {
    let _ = (vars.version, debug);
    Image::new()
}

fn main() {}
