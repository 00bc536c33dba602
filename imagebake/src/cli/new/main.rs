//! The images of @NAME@: `cargo run -- list`.

mod images;

fn main() -> std::process::ExitCode {
    imagebake::main()
}
