use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Null::none()).provision("apt-get install nginx")
}

fn main() {}
