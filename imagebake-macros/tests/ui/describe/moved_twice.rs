use imagebake::prelude::*;

fn web(tools: Vec<String>) -> Image {
    Image::new()
        .provision(ShellLocal::inline(tools))
        .provision(ShellLocal::inline(tools))
}

fn main() {}
