use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source("docker")
}

fn main() {}
