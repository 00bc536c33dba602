use imagebake::prelude::*;

#[derive(Clone, Config)]
#[config(flatten)]
pub struct Login {
    user: Text,
    at: Places,
}

#[derive(Clone, Config)]
pub struct Machine {
    #[field(flatten, secret)]
    login: Login,
    at: Places,
}

fn main() {}
