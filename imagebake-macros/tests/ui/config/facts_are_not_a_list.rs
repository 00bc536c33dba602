use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(facts = "vars")]
    inline: Text,
    at: Places,
}

fn main() {}
