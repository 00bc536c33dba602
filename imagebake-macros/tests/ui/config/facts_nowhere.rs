use imagebake::prelude::*;

const SCRIPT_FACTS: &[&str] = &["vars", "path"];

#[derive(Clone, Config)]
pub struct Shell {
    #[field(facts = SCRIPT_FACT)]
    inline: Text,
    at: Places,
}

fn main() {}
