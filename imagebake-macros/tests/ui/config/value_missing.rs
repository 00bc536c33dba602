use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(template)]
    inline: Text,
    at: Places,
}

fn main() {}
