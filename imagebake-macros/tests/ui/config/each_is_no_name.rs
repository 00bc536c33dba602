use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(each = "a command")]
    inline: Vec<Text>,
    at: Places,
}

fn main() {}
