use imagebake::prelude::*;

#[derive(Clone, Default)]
pub struct Mystery;

#[derive(Clone, Config)]
pub struct Shell {
    /// Nobody knows how to show it.
    mystery: Mystery,
    at: Places,
}

fn main() {}
