use imagebake::prelude::*;

#[image]
struct Web;

fn main() {}
