use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(superseded = "the engine does it")]
    inline: Text,
    at: Places,
}

fn main() {}
