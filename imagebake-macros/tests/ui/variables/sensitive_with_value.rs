use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(sensitive = true)]
    version: String,
}

fn main() {}
