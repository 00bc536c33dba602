use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(from_str, serde)]
    level: u8,
}

fn main() {}
