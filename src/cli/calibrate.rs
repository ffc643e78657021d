//! `gilsim calibrate`: what this machine and a Python on it cost, as a profile.

use std::path::PathBuf;
use std::time::Duration;

use super::console;
use super::failure::{Code, Failure};
use super::progress::Spinner;
use super::workshop::Workshop;
use crate::python::calibrate::{CalibrationError, PROGRAM, base_of, disturbance, profile_text};
use crate::python::interpreter::{Identity, Interpreter, RunError};
use gilsim_core::profile;

/// Measure this machine and a Python on it, and print a cost profile
///
/// Takes a minute or two. Scenarios take the profile as `interpreter.profile = "mine.toml"`. Run nothing
/// else on the machine meanwhile: the costs are then more exact.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The Python to measure
    #[arg(long, value_name = "EXE", default_value = "python3")]
    python: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  gilsim calibrate > mine.toml
  gilsim calibrate --python python3.14t > free-threaded.toml
  gilsim run page.toml --set interpreter.profile=mine.toml";

/// How long measuring may take. It should be done within two minutes.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The share of the cores from which on other programs are worth a warning.
pub(super) const MUCH: f64 = 0.05;

/// Runs the command.
///
/// # Errors
/// When the Python cannot be run or measured.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let interpreter = Interpreter::new(&args.python);
    // It goes wrong sooner than the Python, if it does.
    let workshop = Workshop::open()?;
    let identity = interpreter.identify().map_err(|error| unrun(&error))?;
    check(&interpreter, &identity)?;
    let text = measured(&interpreter, workshop)?;
    console::result(text.as_bytes())?;
    Ok(Code::Done)
}

/// Whether gilsim has rules for a Python, before anything is measured. Says so where they are those of an older one.
///
/// # Errors
/// When it has none.
pub(super) fn check(interpreter: &Interpreter, identity: &Identity) -> Result<(), Failure> {
    let Identity { implementation, version, minor, .. } = identity;
    let name = interpreter.name();
    if implementation != "CPython" || *minor < profile::OLDEST {
        return Err(Failure::file(format!(
            "`{name}` is {implementation} {version}: gilsim models CPython from 3.{} on",
            profile::OLDEST
        )));
    }
    if *minor > profile::NEWEST {
        console::say(&format!(
            "note: `{name}` is Python {version}, and the newest that gilsim knows is 3.{newest}: the costs will be \
             its own, the rules those of 3.{newest}",
            newest = profile::NEWEST
        ));
    }
    Ok(())
}

/// The profile of a Python on this machine as the text of a file. Warns where others were busy meanwhile.
///
/// # Errors
/// When the Python cannot be run or measured.
pub(super) fn measured(
    interpreter: &Interpreter,
    mut workshop: Workshop,
) -> Result<String, Failure> {
    let spinner = Spinner::on_terminal(&format!("measuring {}", interpreter.name()));
    let program = workshop.add("calibrate.py", PROGRAM.as_bytes())?;
    let json = interpreter.run_file(&program, &[], LIMIT).map_err(|error| unrun(&error))?;
    drop(spinner);
    let told =
        |error: CalibrationError| Failure::file(format!("`{}`: {error}", interpreter.name()));
    let others = disturbance(&json).map_err(told)?;
    if others > MUCH {
        console::say(&format!(
            "warning: other programs took {:.0} % of the cores while `{}` was measured: \
             measure again when the machine is quiet",
            100.0 * others,
            interpreter.name()
        ));
    }
    profile_text(&json, &*base_of(&json).map_err(told)?).map_err(told)
}

/// A Python that cannot be run.
pub(super) fn unrun(error: &RunError) -> Failure {
    Failure::file(error)
}
