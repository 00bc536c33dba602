use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(Null::none().post(Compress::to("web.tar.gz")))
}

fn main() {}
