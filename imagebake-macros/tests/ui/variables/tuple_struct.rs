use imagebake::prelude::*;

#[derive(Variables)]
struct Web(String);

fn main() {}
