use imagebake::prelude::*;

#[image]
fn web() -> Result<Null> {
    Ok(Null::none())
}

fn main() {}
