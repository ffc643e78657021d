//! Files that a scenario is made of: where they come from, and what was read of them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::data_file::DataFile;
use super::limits;
use gilsim_core::profile::{self, Profile, ProfileError};

/// Where files come from: a disk, or a map from paths to what stands there.
pub trait Files: Debug + Send + Sync {
    /// The first `most` bytes of the file at `path`, all where there are fewer.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;
}

/// Files in memory, each under the path that it is named by.
impl Files for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let bytes = self.get(path).ok_or(io::ErrorKind::NotFound)?;
        let length = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
        Ok(bytes[..length].to_vec())
    }
}

/// The disk where this crate is built with it, else no file at all.
pub(super) fn of_the_machine() -> Arc<dyn Files> {
    #[cfg(feature = "disk")]
    let files = super::Disk;
    #[cfg(not(feature = "disk"))]
    let files = BTreeMap::new();
    Arc::new(files)
}

/// Files that are read once, however often a document is resolved.
#[derive(Debug)]
pub(super) struct Library {
    files: Arc<dyn Files>,
    data: Mutex<BTreeMap<PathBuf, Arc<Read<DataFile>>>>,
    profiles: Mutex<BTreeMap<PathBuf, Arc<Read<ProfileFile>>>>,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Read<T> {
    /// Of its bytes, in hexadecimal digits.
    pub(super) sha256: String,
    /// What it holds.
    pub(super) content: T,
}

/// What a profile file holds.
#[derive(Debug)]
pub(super) struct ProfileFile {
    /// The profile, or what is wrong with it.
    pub(super) profile: Result<Arc<Profile>, ProfileError>,
    /// The text, kept only where there is a fault.
    pub(super) text: String,
}

/// Why the content of a file cannot be used.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The system does not give it.
    Io(io::Error),
    /// It is larger than so many bytes.
    TooLarge(u64),
    /// It is not UTF-8 from this byte on; the text up to there is right.
    NotUtf8(String, usize),
}

impl ReadError {
    /// What is said of the file that messages call `name`.
    pub(super) fn told(&self, name: &str) -> String {
        match self {
            Self::Io(error) => format!("cannot read `{name}`: {error}"),
            Self::TooLarge(limit) => format!("`{name}` is larger than {} MiB", limit >> 20),
            Self::NotUtf8(..) => format!("`{name}` is not UTF-8 text"),
        }
    }
}

impl Library {
    /// A library of which nothing has been read.
    pub(super) fn new(files: Arc<dyn Files>) -> Self {
        Self { files, data: Mutex::default(), profiles: Mutex::default() }
    }

    /// The data file at `path`.
    pub(super) fn data(&self, path: &Path) -> Result<Arc<Read<DataFile>>, ReadError> {
        self.remembered(&self.data, path, limits::DATA_FILE_BYTES, DataFile::parse)
    }

    /// The profile file at `path`.
    pub(super) fn profile(&self, path: &Path) -> Result<Arc<Read<ProfileFile>>, ReadError> {
        self.remembered(&self.profiles, path, limits::SCENARIO_BYTES, |text| {
            let profile = profile::parse(&text).map(Arc::new);
            let text = if profile.is_ok() { String::new() } else { text };
            ProfileFile { profile, text }
        })
    }

    /// The file at `path`, read and parsed at its first use.
    fn remembered<T>(
        &self,
        known: &Mutex<BTreeMap<PathBuf, Arc<Read<T>>>>,
        path: &Path,
        limit: u64,
        parse: impl FnOnce(String) -> T,
    ) -> Result<Arc<Read<T>>, ReadError> {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known.get(path) {
            return Ok(Arc::clone(read));
        }
        let (text, sha256) = self.text(path, limit)?;
        let read = Arc::new(Read { sha256, content: parse(text) });
        known.insert(path.to_owned(), Arc::clone(&read));
        Ok(read)
    }

    /// The text of a file without a byte order mark, and the digest of its bytes.
    pub(super) fn text(&self, path: &Path, limit: u64) -> Result<(String, String), ReadError> {
        let bytes = self.files.read(path, limit + 1).map_err(ReadError::Io)?;
        if bytes.len() as u64 > limit {
            return Err(ReadError::TooLarge(limit));
        }
        let sha256 = digest(&bytes);
        match String::from_utf8(bytes) {
            Ok(text) => Ok((without_mark(&text).to_owned(), sha256)),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let whole = String::from_utf8_lossy(error.as_bytes());
                let text = without_mark(&whole);
                let mark = whole.len() - text.len();
                Err(ReadError::NotUtf8(text.to_owned(), good.saturating_sub(mark)))
            }
        }
    }
}

/// The text without the byte order mark that some editors write.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The SHA-256 of bytes in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_standard() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }

    #[test]
    fn files_in_memory_are_found_by_their_path_and_cut_where_asked() {
        let files = BTreeMap::from([(PathBuf::from("a/b.csv"), b"123".to_vec())]);
        let read = |path: &str, most| files.read(Path::new(path), most);
        assert_eq!(read("a/b.csv", 9).unwrap(), b"123");
        assert_eq!(read("a/b.csv", 2).unwrap(), b"12");
        assert_eq!(read("b.csv", 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_text_has_its_limit_and_its_encoding() {
        let text = |bytes: &[u8], limit| {
            let files = BTreeMap::from([(PathBuf::from("x"), bytes.to_vec())]);
            Library::new(Arc::new(files)).text(Path::new("x"), limit)
        };
        assert_eq!(text(b"\xef\xbb\xbfone", 6).unwrap().0, "one");
        assert!(matches!(text(b"four", 3), Err(ReadError::TooLarge(3))));
        assert!(matches!(text(b"\xef\xbb\xbfa\xe9", 9), Err(ReadError::NotUtf8(_, 1))));
    }
}
