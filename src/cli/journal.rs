//! The journal of an unfinished sweep, as a file beside its results.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::console;
use super::failure::Failure;
use gilsim_studies::sweep::journal::{self, Found};
use gilsim_studies::sweep::{Block, Grid, Shard};

/// The name of the journal.
const NAME: &str = "sweep.partial";

/// Digits of a study's checksum that tell journals apart.
const DIGITS: usize = 12;

/// Finished blocks are appended here until the sweep is done.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    grid: Grid,
}

impl Journal {
    /// Opens the journal of a part of a study in its folder, with the blocks that an earlier, interrupted run of it has
    /// finished. The journal of another study is put aside, to be taken up when that study is run again.
    ///
    /// # Errors
    /// When it cannot be read or written, or there is a file of that name that is no journal.
    pub(super) fn open(
        folder: &Path,
        study: &str,
        shard: Shard,
        grid: &Grid,
    ) -> Result<(Self, Vec<Block>), Failure> {
        let path = folder.join(NAME);
        let header = journal::header(study, shard);
        let journal =
            |file| Self { path: path.clone(), file: Mutex::new(file), grid: grid.clone() };
        let unwritable = |error: io::Error| Failure::unwritable(&path, &error);
        let mut found = read(&path, &header, grid).map_err(unwritable)?;
        if let Found::Foreign(other) = &found {
            let aside = aside(folder, other);
            fs::rename(&path, &aside).map_err(unwritable)?;
            console::say(&format!(
                "an interrupted sweep with other settings is kept in {}: the command that began it goes on with it",
                aside.display()
            ));
            found = Found::Nothing;
        }
        if found == Found::Nothing && aside(folder, study).is_file() {
            fs::rename(aside(folder, study), &path).map_err(unwritable)?;
            found = read(&path, &header, grid).map_err(unwritable)?;
        }
        let blocks = match found {
            Found::Blocks(blocks) => {
                let file = OpenOptions::new().append(true).open(&path).map_err(unwritable)?;
                // Ends a line that may be torn.
                (&file).write_all(b"\n").map_err(unwritable)?;
                return Ok((journal(file), blocks));
            }
            Found::Nothing => Vec::new(),
            Found::Foreign(_) | Found::Unknown => {
                let message = "is no journal of a sweep: move it elsewhere";
                return Err(Failure::usage(format!("`{}` {message}", path.display())));
            }
        };
        fs::write(&path, &header).map_err(unwritable)?;
        let file = OpenOptions::new().append(true).open(&path).map_err(unwritable)?;
        Ok((journal(file), blocks))
    }

    /// Appends a finished block. What is written outlives this program, however it ends.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn append(&self, block: &Block) -> io::Result<()> {
        let line = journal::line(block, &self.grid)?;
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the journal, once the results are in their places.
    pub(super) fn remove(self) {
        // What stays behind would only be taken up again, with the same results.
        let _ = fs::remove_file(self.path);
    }
}

fn read(path: &Path, header: &str, grid: &Grid) -> io::Result<Found> {
    match fs::read(path) {
        Ok(bytes) => Ok(journal::read(&bytes, header, grid)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

/// Where the journal of a study waits while the folder is used by another.
fn aside(folder: &Path, study: &str) -> PathBuf {
    let digits: String = study.chars().filter(char::is_ascii_hexdigit).take(DIGITS).collect();
    folder.join(format!("sweep-{digits}.partial"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Code;

    fn open(folder: &Path, study: &str) -> Result<(Journal, Vec<Block>), Failure> {
        let grid = Grid::new(Vec::new()).unwrap();
        Journal::open(folder, study, Shard::WHOLE, &grid)
    }

    fn block(point: u64) -> Block {
        Block { point, first: 0, count: 1, tools: Vec::new() }
    }

    #[test]
    fn an_interrupted_study_is_taken_up_with_what_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let open = |study: &str| open(folder.path(), study).unwrap();
        let (journal, blocks) = open("aa");
        assert!(blocks.is_empty());
        journal.append(&block(0)).unwrap();
        drop(journal);
        let mut torn = OpenOptions::new().append(true).open(folder.path().join(NAME)).unwrap();
        torn.write_all(b"0123 {\"poi").unwrap();
        let (journal, blocks) = open("aa");
        assert_eq!(blocks, [block(0)]);
        journal.append(&block(1)).unwrap();
        drop(journal);
        let (journal, blocks) = open("aa");
        assert_eq!(blocks, [block(0), block(1)]);
        journal.remove();
        assert!(open("aa").1.is_empty());
    }

    #[test]
    fn the_journal_of_another_study_waits_until_it_is_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let open = |study: &str| open(folder.path(), study).unwrap();
        open("aa").0.append(&block(3)).unwrap();
        let (journal, blocks) = open("bb");
        assert!(blocks.is_empty());
        journal.remove();
        assert_eq!(open("aa").1, [block(3)]);
    }

    #[test]
    fn a_file_that_is_no_journal_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "mine").unwrap();
        let failure = open(folder.path(), "aa").unwrap_err();
        assert_eq!(failure.code, Code::Usage);
        assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), b"mine");
    }
}
