use imagebake::prelude::*;

fn web() -> Image {
    Image::new().source(ShellLocal::inline(["true"]))
}

fn main() {}
