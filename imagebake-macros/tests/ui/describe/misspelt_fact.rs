use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Null::none()).description(format!("web-{TIMESTMAP}"))
}

fn main() {}
