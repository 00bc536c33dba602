use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Oci::from_registry("debian:12"))
}

fn main() {}
