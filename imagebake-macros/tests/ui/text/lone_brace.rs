use imagebake::prelude::*;

fn address(token: &Secret) -> Text {
    text!("{{ \"a\": 1 }")
}

fn main() {}
