use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(env = "A=B")]
    version: String,
}

fn main() {}
