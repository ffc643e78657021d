//! Files that the command line names. `-` is standard input.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::Failure;
use gilsim_scenario::claims::ClaimFile;
use gilsim_scenario::{Disk, Document, Faults, Files, Loaded};
use gilsim_studies::claims::Suite;

/// What messages and manifests call it.
const STANDARD_INPUT: &str = "standard input";

/// What files and folders of results are called after it.
const STEM: &str = "standard-input";

/// Whether it was read; there is nothing left of it then.
static IS_READ: AtomicBool = AtomicBool::new(false);

/// Whether a file is standard input.
pub(super) fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}

/// What messages call a file.
pub(super) fn name(file: &Path) -> String {
    if is_standard(file) { STANDARD_INPUT.to_owned() } else { file.display().to_string() }
}

/// The name of a file without folder and ending, after which its results are called.
///
/// # Errors
/// When it has none, as `..`.
pub(super) fn stem(file: &Path) -> Result<OsString, Failure> {
    let stem = if is_standard(file) { Some(STEM.as_ref()) } else { file.file_stem() };
    stem.map(ToOwned::to_owned)
        .ok_or_else(|| Failure::usage(format!("`{}` names no file", file.display())))
}

/// The first `most` bytes of a file.
///
/// # Errors
/// When it cannot be read, or is standard input once more.
pub(super) fn read(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !is_standard(file) {
        return Disk.read(file, most);
    }
    if IS_READ.swap(true, Ordering::Relaxed) {
        return Err(io::Error::other("it was read already, so let `-` stand only once"));
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The scenario of a file, with what `--set` changes.
///
/// # Errors
/// With every fault that was found.
pub(super) fn load(file: &Path, sets: &[String]) -> Result<Loaded, Faults> {
    let (files, file) = source(file);
    gilsim_scenario::load_from(files, file, sets)
}

/// The scenario of a file as a document.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn document(file: &Path) -> Result<Document, Faults> {
    let (files, file) = source(file);
    Document::read_from(files, file)
}

/// The claims of a file.
///
/// # Errors
/// With every fault that was found.
pub(super) fn suite(file: &Path) -> Result<Suite, Faults> {
    let (files, file) = source(file);
    Suite::of(ClaimFile::read_from(files, file)?)
}

/// Where a file and those that it names are found, and by which name.
fn source(file: &Path) -> (Arc<dyn Files>, &Path) {
    if is_standard(file) {
        (Arc::new(Piped::default()), Path::new(STANDARD_INPUT))
    } else {
        (Arc::new(Disk), file)
    }
}

/// Standard input, which is asked for first, and the disk for the files that its text names.
#[derive(Default, Debug)]
struct Piped {
    is_read: AtomicBool,
}

impl Files for Piped {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let is_first = !self.is_read.swap(true, Ordering::Relaxed);
        read(if is_first { Path::new("-") } else { path }, most)
    }
}
