//! Recordings of real requests become scenarios.
//!
//! A browser's HAR file, the timings that curl prints, or a table of one's own is read into a
//! [`Recording`]: requests to hosts, each with its measured latency. [`Recording::scenario`] writes it as a
//! scenario, in which each host is a site and each request a task that waits on it.
//!
//! Host names and numbers are all that is kept. Paths, queries, headers, cookies and bodies are skipped
//! while reading and cannot reach a scenario: no field of a recording could hold them.

mod csv;
mod curl;
mod error;
mod har;
mod host;
mod instant;
mod number;
mod phases;
mod recording;
mod scenario;

use std::borrow::Cow;

pub use csv::read as csv;
pub use curl::read as curl;
pub use error::ImportError;
pub use har::read as har;
pub use recording::Recording;
pub(crate) use scenario::list;
pub use scenario::{Arrivals, Options};

/// The text of a file: UTF-8, or UTF-16 with a byte order mark, as the Windows shell writes when it redirects.
///
/// # Errors
/// When the bytes are neither, as those of a zipped recording are.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    let units = |pair: fn([u8; 2]) -> u16| {
        char::decode_utf16(bytes[2..].chunks_exact(2).map(|two| pair([two[0], two[1]])))
            .collect::<Result<String, _>>()
            .map(Cow::Owned)
            .map_err(|_| ImportError::new("the file is not UTF-16, as its first bytes say it is"))
    };
    match bytes {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes),
        [0x1F, 0x8B, ..] | [b'P', b'K', 3, 4, ..] => {
            Err(ImportError::new("the file is compressed: unpack it first"))
        }
        _ => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let message = "the file is not UTF-8 text: save it again with the encoding UTF-8";
            ImportError::at(&before, &before[before.len()..], message)
        }),
    }
}

/// The text without a byte order mark, or an error where nothing is left.
fn content(text: &str) -> Result<&str, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() { Err(ImportError::new("the file is empty")) } else { Ok(text) }
}
