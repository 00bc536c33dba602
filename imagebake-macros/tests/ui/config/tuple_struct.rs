use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Shell(Places);

fn main() {}
