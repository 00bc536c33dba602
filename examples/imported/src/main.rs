//! Two of Packer's templates as Rust. The modules were written by `cargo xtask import templates/web templates/db.json --into .` in this folder.

mod db;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    imagebake::main()
}
