use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(default = "many")]
    inline: u32,
    at: Places,
}

fn main() {}
