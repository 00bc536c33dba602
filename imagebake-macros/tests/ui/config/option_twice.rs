use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(secret, secret)]
    inline: Text,
    at: Places,
}

fn main() {}
