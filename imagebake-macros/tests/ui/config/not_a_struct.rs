use imagebake::prelude::*;

#[derive(Clone, Config)]
pub enum Shell {
    Inline,
}

fn main() {}
