use imagebake::prelude::*;

#[derive(Variables)]
struct Web<T> {
    version: T,
}

fn main() {}
