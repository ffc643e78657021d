//! One writer at a time in a folder of results, whichever program it belongs to.

use std::fs::{File, TryLockError};
use std::path::Path;

/// A lock on a folder: while this is alive, no other program that asks has one. It ends with the program, even if that is
/// killed, and leaves no file behind.
#[derive(Debug)]
pub(super) struct Turn {
    /// The folder itself is locked; the lock goes as it is closed.
    _folder: File,
}

impl Turn {
    /// Waits for a turn; none where the system cannot lock folders.
    pub(super) fn wait(folder: &Path) -> Option<Self> {
        let folder = File::open(folder).ok()?;
        folder.lock().ok()?;
        Some(Self { _folder: folder })
    }

    /// Takes a turn that lasts; `Err` where somebody has one.
    pub(super) fn take(folder: &Path) -> Result<Option<Self>, Taken> {
        let Ok(folder) = File::open(folder) else { return Ok(None) };
        match folder.try_lock() {
            Ok(()) => Ok(Some(Self { _folder: folder })),
            Err(TryLockError::WouldBlock) => Err(Taken),
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }
}

/// Somebody else has the turn.
#[derive(Debug)]
pub(super) struct Taken;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_nobody_elses_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let turn = Turn::take(folder.path()).unwrap();
        assert!(turn.is_some());
        Turn::take(folder.path()).unwrap_err();
        drop(turn);
        assert!(Turn::wait(folder.path()).is_some());
        assert!(Turn::take(folder.path()).unwrap().is_some());
    }
}
