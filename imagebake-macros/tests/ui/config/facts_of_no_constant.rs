use imagebake::prelude::*;

const WORDS: &str = "vars path";

#[derive(Clone, Config)]
pub struct Shell {
    #[field(facts = WORDS)]
    inline: Text,
    at: Places,
}

fn main() {}
