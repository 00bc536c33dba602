use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Login {
    user: Text,
    at: Places,
}

#[derive(Clone, Config)]
pub struct Machine {
    #[field(flatten)]
    login: Login,
    at: Places,
}

fn main() {}
