use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(default = "four")]
    version: u32,
}

fn main() {}
