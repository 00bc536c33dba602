use imagebake::prelude::*;

#[derive(Clone, Default)]
pub struct Login;

#[derive(Clone, Config)]
pub struct Disk {
    #[field(group)]
    login: Option<Login>,
    at: Places,
}

fn main() {}
