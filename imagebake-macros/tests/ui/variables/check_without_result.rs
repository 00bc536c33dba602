use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(check = |version| version.is_empty())]
    version: String,
}

fn main() {}
