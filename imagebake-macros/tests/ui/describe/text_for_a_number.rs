use imagebake::prelude::*;

fn web() -> Image {
    Image::new().provision(ShellLocal::inline(["true"]).max_retries("3"))
}

fn main() {}
