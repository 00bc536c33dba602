use imagebake::prelude::*;

#[derive(Variables)]
struct Web {
    #[var(default = "cmd:op read")]
    token: Secret,
}

fn main() {}
