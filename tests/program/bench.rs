//! The program as a shell sees it, in a folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// Two tasks that take two semaphores in opposite order: under asyncio they wait for ever unless there are two permits.
pub(crate) const DEADLOCK: &str = r#"
[interpreter]
profile = "ideal"
[semaphores]
a = 1
b = 1
[[tasks]]
steps = [{ acquire = "a" }, { wait = "1s" }, { acquire = "b" }, { release = "b" }, { release = "a" }]
[[tasks]]
steps = [{ acquire = "b" }, { wait = "1s" }, { acquire = "a" }, { release = "a" }, { release = "b" }]
[[tools]]
use = "sequential"
[[tools]]
use = "asyncio"
"#;

/// A folder of its own to run the program in.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with one file.
    pub(crate) fn with(name: &str, text: impl AsRef<[u8]>) -> Self {
        let bench = Self::new();
        bench.write(name, text);
        bench
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Ended {
        Ended(self.command(arguments).output().unwrap())
    }

    /// Runs the program with `text` on its standard input, which it need not read.
    pub(crate) fn run_on(&self, text: impl AsRef<[u8]>, arguments: &[impl AsRef<OsStr>]) -> Ended {
        let mut input = tempfile::tempfile().unwrap();
        input.write_all(text.as_ref()).unwrap();
        input.rewind().unwrap();
        Ended(self.command(arguments).stdin(input).output().unwrap())
    }

    /// All files below a folder, hidden ones too, by their paths.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        let relative = |path: &PathBuf| path.strip_prefix(self.0.path()).unwrap().to_owned();
        let mut names: Vec<String> =
            files.iter().map(|path| relative(path).to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

/// Compares with the text beside a file, or rewrites it.
pub(crate) fn compare(golden: &Path, found: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(golden, found).map_err(|error| error.to_string());
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    Err(format!("{} says\n{expected}\nbut found\n{found}", golden.display()))
}

/// Compares what is told of each scenario or claims file of a folder of the repository with the text beside it, or rewrites
/// that.
pub(crate) fn compare_all(folder: &str, told: impl Fn(&Path) -> String) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "{} files in {folder}", paths.len());
    let compared = paths.iter().map(|path| compare(&path.with_extension("txt"), &told(path)));
    let different: Vec<String> = compared.filter_map(Result::err).collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// How a run of the program ended.
pub(crate) struct Ended(pub(crate) Output);

impl Ended {
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// The exit code; a program that was stopped by a signal has none.
    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.code(), Some(code), "stdout:\n{out}\nstderr:\n{err}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err().contains(text), "`{text}` is not in stderr:\n{}", self.err());
        self
    }
}
