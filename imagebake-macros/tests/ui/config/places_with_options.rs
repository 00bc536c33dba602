use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell {
    #[field(skip)]
    at: Places,
}

fn main() {}
