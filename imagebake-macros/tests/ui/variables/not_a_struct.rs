use imagebake::prelude::*;

#[derive(Variables)]
enum Web {
    Version,
}

fn main() {}
