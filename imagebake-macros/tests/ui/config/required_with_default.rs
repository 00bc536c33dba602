use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(required, default = "x")]
    inline: Text,
    at: Places,
}

fn main() {}
