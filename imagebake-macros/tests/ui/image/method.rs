use imagebake::prelude::*;

struct Team;

impl Team {
    #[image]
    fn web(&self) -> Image {
        Image::new()
    }
}

fn main() {}
