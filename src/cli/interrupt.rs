//! Ctrl-C: the program ends with 130, at once but for commands that have something to keep, and what it had not
//! finished is gone.
//!
//! The signal is served by a thread of its own, so that a long simulation needs no checks: the engine
//! is a pure function and stays one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::console;
use super::failure::Code;
use crate::python::interpreter;

/// What is not finished yet.
static UNFINISHED: Mutex<Unfinished> =
    Mutex::new(Unfinished { parts: Vec::new(), temporary: Vec::new() });

/// What has to vanish if the program ends now.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// Files and folders of results, in the order in which they were made.
    parts: Vec<PathBuf>,
    /// Folders that go with all that is in them.
    temporary: Vec<PathBuf>,
}

impl Unfinished {
    /// The list. While it is held, the program does not end by a signal.
    pub(super) fn lock() -> MutexGuard<'static, Self> {
        UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was begun.
    pub(super) fn begin(&mut self, path: &Path) {
        self.parts.push(path.to_owned());
    }

    /// A temporary folder was made, which goes with all that is in it.
    pub(super) fn begin_temporary(&mut self, folder: &Path) {
        self.temporary.push(folder.to_owned());
    }

    /// Something is finished, or gone.
    pub(super) fn end(&mut self, path: &Path) {
        self.parts.retain(|unfinished| unfinished != path);
        self.temporary.retain(|temporary| temporary != path);
    }
}

/// Whether the command ends by itself soon after an interrupt, with what it has.
static ENDS_BY_ITSELF: AtomicBool = AtomicBool::new(false);

/// Whether such a command has been interrupted.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on the first interrupt only stops the programs that are running: the command looks at
/// [`is_asked_for`] and ends by itself. The second one ends it at once.
pub(super) fn let_the_command_end() {
    ENDS_BY_ITSELF.store(true, Ordering::Relaxed);
}

/// Whether the command is to end with what it has.
pub(super) fn is_asked_for() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// From now on SIGINT, SIGTERM and SIGHUP remove what is unfinished and end the program.
///
/// A program under `nohup` is left alone: it is to outlive its terminal, and the three signals can only
/// be served together.
pub(super) fn watch() {
    if hangup_is_ignored() {
        return;
    }
    let served = ctrlc::set_handler(|| {
        // While the list is held, no command goes on to report a program that is stopped here.
        let unfinished = Unfinished::lock();
        if ENDS_BY_ITSELF.load(Ordering::Relaxed) && !INTERRUPTED.swap(true, Ordering::Relaxed) {
            console::say("interrupted: what was measured so far is kept");
            return interpreter::stop_all();
        }
        interpreter::stop_all();
        // Folders were begun before what is in them. One that is not empty is not ours to remove.
        for path in unfinished.parts.iter().rev() {
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
        for folder in &unfinished.temporary {
            let _ = fs::remove_dir_all(folder);
        }
        console::say("interrupted");
        process::exit(Code::Interrupted.number().into());
    });
    if let Err(error) = served {
        console::say(&format!("warning: an interrupt may leave temporary files behind: {error}"));
    }
}

/// Whether the program was started with SIGHUP ignored; known on Linux only.
fn hangup_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    mask.is_some_and(|mask| mask & 1 == 1)
}
