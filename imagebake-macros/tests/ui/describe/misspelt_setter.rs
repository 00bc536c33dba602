use imagebake::prelude::*;

fn web() -> Image {
    Image::new().provision(ShellLocal::inline(["true"]).inline_shebnag("/bin/bash"))
}

fn main() {}
