use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(example = format!("1.{}", 4))]
    version: String,
}

fn main() {}
