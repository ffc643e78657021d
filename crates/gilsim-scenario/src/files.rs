//! Files that a scenario names: read once per document, however often it is resolved.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::data_file::DataFile;
use super::limits;
use gilsim_core::profile::{self, Profile, ProfileError};

/// The files that were read so far.
#[derive(Default, Debug)]
pub(super) struct Files {
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

impl Files {
    /// The data file at `path`.
    pub(super) fn data(&self, path: &Path) -> Result<Arc<Read<DataFile>>, ReadError> {
        remembered(&self.data, path, limits::DATA_FILE_BYTES, DataFile::parse)
    }

    /// The profile file at `path`.
    pub(super) fn profile(&self, path: &Path) -> Result<Arc<Read<ProfileFile>>, ReadError> {
        remembered(&self.profiles, path, limits::SCENARIO_BYTES, |text| {
            let profile = profile::parse(&text).map(Arc::new);
            let text = if profile.is_ok() { String::new() } else { text };
            ProfileFile { profile, text }
        })
    }
}

/// The file at `path`, read and parsed at its first use.
fn remembered<T>(
    known: &Mutex<BTreeMap<PathBuf, Arc<Read<T>>>>,
    path: &Path,
    limit: u64,
    parse: impl FnOnce(String) -> T,
) -> Result<Arc<Read<T>>, ReadError> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(read) = known.get(path) {
        return Ok(Arc::clone(read));
    }
    let (text, sha256) = read_text(path, limit)?;
    let read = Arc::new(Read { sha256, content: parse(text) });
    known.insert(path.to_owned(), Arc::clone(&read));
    Ok(read)
}

/// The text of a file without a byte order mark, and the digest of its bytes.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<(String, String), ReadError> {
    let file = File::open(path).map_err(ReadError::Io)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge(limit));
    }
    let sha256 = digest(&bytes);
    match String::from_utf8(bytes) {
        Ok(text) => Ok((without_mark(text), sha256)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let mark = text.len();
            let text = without_mark(text);
            Err(ReadError::NotUtf8(text.clone(), good.saturating_sub(mark - text.len())))
        }
    }
}

/// The text without the byte order mark that some editors write.
pub(super) fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
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
}
