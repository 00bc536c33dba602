use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(parts = "split")]
    inline: Text,
    at: Places,
}

fn main() {}
