//! A folder of results, whose files appear whole or not at all.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::failure::Failure;
use super::interrupt::Unfinished;
use super::turn::{Taken, Turn};

/// The file that is written last and removed first. A folder that has it holds all files of the run that it describes, and
/// no others, even if the program was killed in between.
const SEAL: &str = "manifest.json";

/// How the names of unfinished files begin and end.
const UNFINISHED: (&str, &str) = (".gilsim-", ".part");

/// Files are written beside their places under temporary names; [`finish`](Self::finish) renames them all.
/// Without it they are removed, and the folder too if it was made for them.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The folders that did not exist before, outermost first.
    made: Vec<PathBuf>,
    files: Vec<Unplaced>,
    /// The lock on the folder, where this program has it to itself.
    own: Option<Turn>,
}

/// A file that is not in its place yet.
#[derive(Debug)]
struct Unplaced {
    name: String,
    path: TempPath,
    /// Locked, so that nobody takes it for one that a killed program left behind.
    _open: File,
}

/// What is written, and where. Shows as `wrote summary.csv, manifest.json to output/page`.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) names: Vec<String>,
    pub(super) path: PathBuf,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrote {} to {}", self.names.join(", "), self.path.display())
    }
}

impl Folder {
    /// Opens the folder, making it where it does not exist. Unfinished files of programs that were killed go.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = Self::at(path)?;
        if let Some(_turn) = Turn::wait(path) {
            sweep_out(path);
        }
        Ok(folder)
    }

    /// Opens the folder for a program that has it to itself until it is done.
    ///
    /// # Errors
    /// When it cannot be made, or another program writes to it.
    pub(super) fn open_alone(path: &Path) -> Result<Self, Failure> {
        let mut folder = Self::at(path)?;
        folder.own = Turn::take(path).map_err(|Taken| {
            Failure::file(format!(
                "another gilsim is writing to `{}`: wait until it is done, or choose another folder with --out",
                path.display()
            ))
        })?;
        if folder.own.is_some() {
            sweep_out(path);
        }
        Ok(folder)
    }

    fn at(path: &Path) -> Result<Self, Failure> {
        let mut folder =
            Self { path: path.to_owned(), made: Vec::new(), files: Vec::new(), own: None };
        folder.make()?;
        Ok(folder)
    }

    /// Makes what is missing of the path.
    fn make(&mut self) -> Result<(), Failure> {
        let path = self.path.clone();
        let missing = path
            .ancestors()
            .take_while(|part| !part.as_os_str().is_empty() && fs::symlink_metadata(part).is_err());
        for part in missing.collect::<Vec<_>>().into_iter().rev() {
            let mut unfinished = Unfinished::lock();
            match fs::create_dir(part) {
                Ok(()) => unfinished.begin(part),
                // Another run was quicker.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(Failure::unwritable(&path, &error)),
            }
            self.made.push(part.to_owned());
        }
        if path.is_dir() {
            return Ok(());
        }
        Err(Failure::unwritable(&path, &io::ErrorKind::NotADirectory.into()))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a file, to be written piece by piece until [`finish`](Self::finish).
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin(&mut self, name: &str) -> Result<File, Failure> {
        if self.path.join(name).is_dir() {
            return Err(self.unwritable(name, &io::ErrorKind::IsADirectory.into()));
        }
        // Another run may have made the folder, and taken it away as it was interrupted.
        self.make()?;
        let turn = self.turn();
        let mut unfinished = Unfinished::lock();
        let made = temporary(&self.path).and_then(|part| Ok((part.as_file().try_clone()?, part)));
        let (open, part) = made.map_err(|error| self.unwritable(name, &without_path(error)))?;
        if turn.is_some() || self.own.is_some() {
            // Nobody else knows of the file, so it can be locked or no file can.
            let _ = open.try_lock();
        }
        let (file, path) = part.into_parts();
        unfinished.begin(&path);
        self.files.push(Unplaced { name: name.to_owned(), path, _open: open });
        Ok(file)
    }

    /// Adds a file that is complete.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut file = self.begin(name)?;
        file.write_all(bytes).map_err(|error| self.unwritable(name, &error))
    }

    /// What to say when a file of this folder cannot be written.
    pub(super) fn unwritable(&self, name: &str, error: &io::Error) -> Failure {
        Failure::unwritable(&self.path.join(name), error)
    }

    /// Puts all files in their places, and removes those of an earlier run among `known` that this one
    /// did not write, so that the folder never mixes two runs.
    ///
    /// # Errors
    /// When a file cannot be put in its place.
    pub(super) fn finish(mut self, known: &[&str]) -> Result<Written, Failure> {
        let _turn = self.turn();
        let mut unfinished = Unfinished::lock();
        let mut files = std::mem::take(&mut self.files);
        files.sort_by_key(|file| file.name == SEAL);
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let is_new = |known: &str| known != SEAL && names.iter().any(|name| name == known);
        let stale = known.iter().filter(|known| !is_new(known));
        for name in stale.filter(|name| self.path.join(name).is_file()) {
            fs::remove_file(self.path.join(name)).map_err(|error| self.unwritable(name, &error))?;
        }
        for Unplaced { name, path, .. } in files {
            let temporary = path.to_path_buf();
            let kept = path.persist(self.path.join(&name));
            unfinished.end(&temporary);
            kept.map_err(|error| self.unwritable(&name, &error.error))?;
        }
        for made in std::mem::take(&mut self.made) {
            unfinished.end(&made);
        }
        Ok(Written { names, path: self.path.clone() })
    }

    /// A turn to change what is in the folder, unless it is this program's already.
    fn turn(&self) -> Option<Turn> {
        if self.own.is_some() { None } else { Turn::wait(&self.path) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.files.is_empty() && self.made.is_empty() {
            return;
        }
        let mut unfinished = Unfinished::lock();
        for Unplaced { path, .. } in self.files.drain(..) {
            unfinished.end(&path);
            // The file is removed as its path is dropped.
        }
        for made in self.made.drain(..).rev() {
            unfinished.end(&made);
            // Not empty: somebody else has put something there.
            let _ = fs::remove_dir(made);
        }
    }
}

/// Removes what killed programs left unfinished. Files of living ones are locked.
fn sweep_out(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(UNFINISHED.0) || !name.ends_with(UNFINISHED.1) {
            continue;
        }
        let abandoned = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// An empty file of a name that nobody uses, with the permissions of an ordinary new file.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// The error without the temporary name, which says nothing to a user.
pub(super) fn without_path(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|told| told.source()?.downcast_ref::<io::Error>());
    cause.and_then(io::Error::raw_os_error).map_or(error, io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::super::failure::Code;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_appear_when_all_are_done_and_not_before() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("output/study");
        let mut folder = Folder::open(&path).unwrap();
        let mut trace = folder.begin("trace.csv").unwrap();
        folder.add("summary.csv", b"rows").unwrap();
        assert!(names(&path).iter().all(|name| name.starts_with(".gilsim-")));
        trace.write_all(b"trace").unwrap();
        assert_eq!(folder.finish(&[]).unwrap().names, ["trace.csv", "summary.csv"]);
        assert_eq!(names(&path), ["summary.csv", "trace.csv"]);
        assert_eq!(fs::read(path.join("trace.csv")).unwrap(), b"trace");
    }

    #[test]
    fn an_abandoned_folder_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(&root.path().join("output/study")).unwrap();
        folder.add("summary.csv", b"rows").unwrap();
        drop(folder);
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn an_abandoned_run_leaves_the_results_of_the_one_before() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("summary.csv"), b"old").unwrap();
        let mut folder = Folder::open(root.path()).unwrap();
        folder.add("summary.csv", b"new").unwrap();
        drop(folder);
        assert_eq!(fs::read(root.path().join("summary.csv")).unwrap(), b"old");
        assert_eq!(names(root.path()), ["summary.csv"]);
    }

    #[test]
    fn results_of_an_earlier_run_do_not_stay_beside_new_ones() {
        let root = tempfile::tempdir().unwrap();
        for old in ["trace.csv", "summary.csv", "notes.txt"] {
            fs::write(root.path().join(old), b"old").unwrap();
        }
        let mut folder = Folder::open(root.path()).unwrap();
        folder.add("summary.csv", b"new").unwrap();
        folder.finish(&["trace.csv", "summary.csv", "gantt.svg"]).unwrap();
        assert_eq!(names(root.path()), ["notes.txt", "summary.csv"]);
        assert_eq!(fs::read(root.path().join("summary.csv")).unwrap(), b"new");
    }

    #[test]
    fn a_file_in_the_way_is_told_by_its_name() {
        let root = tempfile::tempdir().unwrap();
        let taken = root.path().join("taken");
        fs::write(&taken, b"").unwrap();
        for path in [taken.clone(), taken.join("study")] {
            let failure = Folder::open(&path).unwrap_err();
            assert_eq!(failure.code, Code::File);
            assert!(failure.message.contains(path.to_str().unwrap()), "{failure}");
        }
        fs::create_dir_all(root.path().join("study/summary.csv")).unwrap();
        let mut folder = Folder::open(&root.path().join("study")).unwrap();
        assert_eq!(folder.add("summary.csv", b"rows").unwrap_err().code, Code::File);
        drop(folder);
        assert_eq!(names(&root.path().join("study")), ["summary.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn results_have_the_permissions_of_ordinary_files() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("ordinary"), b"").unwrap();
        let mut folder = Folder::open(root.path()).unwrap();
        folder.add("summary.csv", b"").unwrap();
        folder.finish(&[]).unwrap();
        let mode = |name| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("summary.csv"), mode("ordinary"));
    }
}
