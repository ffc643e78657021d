//! A temporary folder for programs and what they write, gone at the end however that comes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::failure::Failure;
use super::folder::without_path;
use super::interrupt::Unfinished;

/// The folder.
#[derive(Debug)]
pub(super) struct Workshop(TempDir);

impl Workshop {
    /// Makes one.
    ///
    /// # Errors
    /// When the system's folder for temporary files cannot be written to.
    pub(super) fn open() -> Result<Self, Failure> {
        let mut unfinished = Unfinished::lock();
        let folder = tempfile::Builder::new().prefix("gilsim-").tempdir();
        let folder = folder.map_err(|error| unwritable(&std::env::temp_dir(), error))?;
        unfinished.begin_temporary(folder.path());
        Ok(Self(folder))
    }

    /// Writes a file and returns its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).map_err(|error| unwritable(&path, error))?;
        Ok(path)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Results go elsewhere: the folder for temporary files has a variable of its own.
fn unwritable(path: &Path, error: io::Error) -> Failure {
    let (path, error) = (path.display(), without_path(error));
    Failure::file(format!(
        "cannot write `{path}`: {error}; TMPDIR can name another folder for temporary files"
    ))
}

impl Drop for Workshop {
    fn drop(&mut self) {
        Unfinished::lock().end(self.0.path());
        // The folder is removed with all that is in it as its field is dropped.
    }
}
