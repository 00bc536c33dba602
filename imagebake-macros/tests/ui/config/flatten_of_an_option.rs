use imagebake::prelude::*;

#[derive(Clone, Config)]
#[config(flatten)]
pub struct Login {
    user: Text,
    at: Places,
}

#[derive(Clone, Config)]
pub struct Machine {
    #[field(flatten)]
    login: Option<Login>,
    at: Places,
}

fn main() {}
