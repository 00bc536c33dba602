use imagebake::prelude::*;

#[derive(Variables)]
#[variables(values = web)]
struct Web {
    version: String,
}

fn main() {}
