use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(matches = r"^\d+$")]
    version: u32,
}

fn main() {}
