//! Exit codes, and what went wrong in a sentence.

use std::fmt::{self, Display};
use std::io;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::process::ExitCode;

use super::console;
use gilsim_scenario::Faults;

/// How the program ends (docs/contract.md, "Exit codes").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Code {
    /// Done.
    Done = 0,
    /// A claim or a validation bound is false, or a scenario deadlocks.
    False = 1,
    /// The command line or a scenario is wrong.
    Usage = 2,
    /// A file cannot be read or written, or a Python cannot be run.
    File = 3,
    /// A bug in gilsim.
    Bug = 70,
    /// Interrupted.
    Interrupted = 130,
}

impl Code {
    /// The code as the shell sees it.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        code.number().into()
    }
}

/// Why a command could not be done.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    /// Complete: what is wrong, where, and the way out.
    pub(super) message: String,
}

impl Failure {
    pub(super) fn usage(message: impl Display) -> Self {
        Self { code: Code::Usage, message: format!("error: {message}") }
    }

    /// Something that cannot be read, written or run.
    pub(super) fn file(message: impl Display) -> Self {
        Self { code: Code::File, message: format!("error: {message}") }
    }

    /// All values, or everything that is wrong with any of them.
    pub(super) fn or_all<T>(
        results: impl IntoIterator<Item = Result<T, Self>>,
    ) -> Result<Vec<T>, Self> {
        let (mut values, mut failures) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(value) => values.push(value),
                Err(failure) => failures.push(failure),
            }
        }
        Self::all(failures).map_or(Ok(values), Err)
    }

    /// Several failures as one, with the code of the first; none if there are none.
    pub(super) fn all(failures: Vec<Self>) -> Option<Self> {
        let code = failures.first()?.code;
        let messages: Vec<String> = failures.into_iter().map(|failure| failure.message).collect();
        Some(Self { code, message: messages.join("\n\n") })
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::file(format!("cannot read `{}`: {error}", path.display()))
    }

    /// A file that cannot be written.
    pub(super) fn unwritable(path: &Path, error: &io::Error) -> Self {
        let way_out = match error.kind() {
            io::ErrorKind::StorageFull => "; make room, or choose another folder with --out",
            _ => "; another folder can be chosen with --out",
        };
        Self::file(format!("cannot write `{}`: {error}{way_out}", path.display()))
    }
}

/// What is wrong with a scenario.
impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        let code = if faults.exit_code() == Code::File.number() { Code::File } else { Code::Usage };
        Self { code, message: faults.render(console::colour_of_messages()) }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a user is told of a panic.
pub(super) fn bug(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let what = payload.downcast_ref::<&str>().copied();
    let what = what.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = what.unwrap_or("no message");
    let place = panic.location().map_or_else(String::new, |place| format!(" ({place})"));
    format!(
        "This is a bug in gilsim {}, not in your scenario: {what}{place}.\n\
         Please report it, with this text, the command and the scenario file.",
        env!("CARGO_PKG_VERSION")
    )
}
