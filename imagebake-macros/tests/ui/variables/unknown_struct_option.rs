use imagebake::prelude::*;

#[derive(Variables)]
#[variables(file = "web.toml")]
struct Web {
    version: String,
}

fn main() {}
