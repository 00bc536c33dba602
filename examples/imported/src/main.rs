//! Two of Packer's templates as Rust: `cargo xtask import examples/imported/templates/web examples/imported/templates/db.json --into
//! examples/imported` wrote the modules.

use std::process::ExitCode;

fn main() -> ExitCode {
    imagebake::main()
}
