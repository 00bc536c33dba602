use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(secret = true)]
    inline: Text,
    at: Places,
}

fn main() {}
