use imagebake::prelude::*;

#[image]
fn web() -> Null {
    Null::none()
}

fn main() {}
