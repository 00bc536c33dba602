use imagebake::prelude::*;

#[image]
fn web<T: Default>() -> Image {
    let _ = T::default();
    Image::new()
}

fn main() {}
