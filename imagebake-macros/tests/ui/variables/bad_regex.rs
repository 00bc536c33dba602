use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(matches = r"^(\d+$")]
    version: String,
}

fn main() {}
