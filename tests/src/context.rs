//! A project folder of its own for each test, and programs run in it.

use std::{
    ffi::OsStr,
    io::{Seek, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

/// A folder with a project in it; gone when the test ends.
pub struct TestContext {
    folder: tempfile::TempDir,
    program: PathBuf,
    env: Vec<(String, String)>,
}

/// What a program did.
#[derive(Debug)]
pub struct Output {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// The output of a program that must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The output of a program that must have ended with `code`.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Everything that was printed: results go to standard output, problems to standard error.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }

    /// Standard output as one JSON value per line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(read).collect()
    }
}

impl TestContext {
    /// A project for `program`, with an empty `imagebake.toml`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("imagebake test ")
            .tempdir()
            .expect("a folder");
        std::fs::write(folder.path().join("imagebake.toml"), "").expect("written");
        Self {
            folder,
            program: program.into(),
            env: Vec::new(),
        }
    }

    /// The same with a variable in the environment of every run.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The project's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).expect("written");
        path
    }

    /// Reads a file of the project.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs another program to its end, as `change` has it: the folder and the environment are those of [`command`](Self::command).
    pub fn run_program(&self, program: &Path, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Output {
        let mut command = self.command_of(program, arguments);
        change(&mut command);
        finish(&mut command)
    }

    /// The program with `arguments`, in the project's folder, with nothing of the caller's environment but PATH and HOME.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&self.program, arguments)
    }

    /// The same with another program.
    pub fn command_of(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .stdin(Stdio::null());
        for name in ["PATH", "HOME", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(
            self.env
                .iter()
                .map(|(name, value)| (OsStr::new(name), OsStr::new(value))),
        );
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        finish(&mut self.command(arguments))
    }

    /// Runs the program to its end, with somebody who types `typed`.
    pub fn run_typing(&self, arguments: &[&str], typed: &str) -> Output {
        let mut input = tempfile::tempfile().expect("a file");
        input.write_all(typed.as_bytes()).expect("written");
        input.rewind().expect("at its start");
        finish(self.command(arguments).stdin(input))
    }

    /// Starts the program; its output goes nowhere.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts")
    }
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The program of `examples/<name>`, built by the profile of the tests.
pub fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    BUILT.get_or_init(|| {
        // `cargo xtask test` has built them with the tests.
        if std::env::var_os("IMAGEBAKE_BUILT").is_some() {
            return;
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--workspace", "--bins", "--quiet"])
            .current_dir(root)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "the examples do not build");
    });
    // Beside the tests' own programs: target/<profile>/deps/all-… is where this runs.
    let here = std::env::current_exe().expect("a path");
    here.parent()
        .and_then(Path::parent)
        .expect("a profile's folder")
        .join(name)
}
