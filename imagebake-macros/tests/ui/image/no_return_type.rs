use imagebake::prelude::*;

#[image]
fn web() {
    Image::new().source(Null::none());
}

fn main() {}
