use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(template = "inline", parts = split)]
    inline: Text,
    at: Places,
}

fn main() {}
