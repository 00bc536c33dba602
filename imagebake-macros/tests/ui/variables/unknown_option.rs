use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(regex = "^x$")]
    version: String,
}

fn main() {}
