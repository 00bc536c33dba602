use imagebake::prelude::*;

fn address() -> Text {
    text!("web-{TIMESTAMP}")
}

fn main() {}
