//! The files of the machine that the program runs on.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::files::Files;

/// The disk; paths that are not absolute start at the current folder.
#[derive(Clone, Copy, Default, Debug)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
