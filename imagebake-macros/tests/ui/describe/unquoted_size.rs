use imagebake::prelude::*;

#[derive(Clone, Config)]
pub struct Machine {
    disk_size: Text,
    at: Places,
}

#[image]
fn web() -> Image {
    let machine = Machine::defaults().disk_size(40G);
    Image::new().description(machine.disk_size.to_string())
}

fn main() {}
