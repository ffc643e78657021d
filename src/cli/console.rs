//! Writing to the two streams, whoever may have closed them.

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};

use super::failure::{Code, Failure};
use gilsim_render::report::one_line;

/// Writes a result to stdout. A reader that has seen enough (`| head`) is no failure.
///
/// # Errors
/// When stdout cannot be written for another reason, such as a full disk.
pub(super) fn result(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    heard(stdout.write_all(text).and_then(|()| stdout.flush()))
}

fn heard(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::file(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to stderr. Where that fails there is nobody left to tell.
pub(super) fn say(line: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(line.as_bytes()).and_then(|()| stderr.write_all(b"\n"));
}

/// The line that warns of something about one tool.
pub(super) fn warning(label: &str, why: &str) -> String {
    format!("warning: `{}`: {why}", one_line(label))
}

/// Shows help, the version, or what is wrong with the arguments.
pub(super) fn usage(message: &clap::Error) -> Result<Code, Failure> {
    let printed = message.print();
    if message.use_stderr() {
        return Ok(Code::Usage);
    }
    heard(printed).map(|()| Code::Done)
}

/// Whether results may be coloured: where stdout is a terminal, unless `NO_COLOR` says otherwise.
pub(super) fn colour() -> bool {
    io::stdout().is_terminal() && welcome()
}

/// The same for messages, which go to stderr.
pub(super) fn colour_of_messages() -> bool {
    io::stderr().is_terminal() && welcome()
}

fn welcome() -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
    !refused && !dumb
}
