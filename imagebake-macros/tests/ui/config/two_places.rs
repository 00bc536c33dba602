use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    at: Places,
    also: Places,
}

fn main() {}
