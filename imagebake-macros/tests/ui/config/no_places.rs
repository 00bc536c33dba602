use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    inline: Vec<Template>,
}

fn main() {}
