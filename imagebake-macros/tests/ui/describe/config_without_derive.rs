use imagebake::prelude::*;

#[derive(Clone)]
pub struct Tool;

impl Component for Tool {
    const KIND: &'static str = "tool";
}

fn main() {}
