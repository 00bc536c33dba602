use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(rename = "in-line")]
    inline: Text,
    at: Places,
}

fn main() {}
