use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(skip, template = "inline")]
    inline: Text,
    at: Places,
}

fn main() {}
