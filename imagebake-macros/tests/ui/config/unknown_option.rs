use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(requird)]
    inline: Text,
    at: Places,
}

fn main() {}
