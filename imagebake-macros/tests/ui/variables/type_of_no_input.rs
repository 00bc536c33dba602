use imagebake::prelude::*;

struct Version;

#[derive(Variables)]
struct Web {
    version: Version,
}

fn main() {}
