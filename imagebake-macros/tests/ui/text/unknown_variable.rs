use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!("https://u:{tokn}@host")
}

fn main() {}
