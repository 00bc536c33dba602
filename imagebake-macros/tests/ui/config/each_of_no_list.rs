use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(each = "command")]
    inline: Text,
    at: Places,
}

fn main() {}
