use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Null::none()).description(format!("web-{TIMESTAM}"))
}

fn main() {}
