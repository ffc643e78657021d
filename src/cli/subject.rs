//! The Pythons that are measured: those that the user names, or those that are found.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::calibrate;
use super::failure::Failure;
use super::input;
use super::workshop::Workshop;
use crate::python::interpreter::{Identity, Interpreter};
use gilsim_core::profile::{self, Profile};
use gilsim_scenario::limits::SCENARIO_BYTES;

/// Names under which a Python is looked for on `PATH`.
const NAMES: [&str; 12] = [
    "python3",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.13t",
    "python3.14",
    "python3.14t",
    "python3.15",
    "python3.15t",
];

/// A Python that can be run.
#[derive(Debug)]
pub(super) struct Candidate {
    interpreter: Interpreter,
    identity: Identity,
}

/// A Python that can be run, and what it costs.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) interpreter: Interpreter,
    pub(super) identity: Identity,
    pub(super) profile: Arc<Profile>,
}

/// Every `CPython` from 3.8 on that is found on `PATH`, each once; with a profile, those that it is a profile of.
///
/// # Errors
/// When there is none.
pub(super) fn found(given: Option<&Arc<Profile>>) -> Result<Vec<Candidate>, Failure> {
    let mut found: Vec<Candidate> = Vec::new();
    for name in NAMES {
        let interpreter = Interpreter::new(name);
        // What stands under such a name and cannot be run, a shim of a version that is not installed, say, is none.
        let Ok(identity) = interpreter.identify() else { continue };
        let is_known = found.iter().any(|one| one.identity.executable == identity.executable);
        let is_meant = given.is_none_or(|profile| fits(profile, &identity));
        let is_modelled = identity.implementation == "CPython" && identity.minor >= profile::OLDEST;
        if is_modelled && is_meant && !is_known {
            found.push(Candidate { interpreter, identity });
        }
    }
    if found.is_empty() {
        let which = given.filter(|profile| !profile.exact);
        let which = which.map_or("CPython".to_owned(), |profile| format!("3.{}", profile.python));
        let message = format!("no Python ({which}) was found; name one with --python");
        return Err(Failure::file(message));
    }
    Ok(found)
}

/// The Python of that name or path.
///
/// # Errors
/// When it cannot be run.
pub(super) fn named(python: &Path) -> Result<Candidate, Failure> {
    let interpreter = Interpreter::new(python);
    let identity = interpreter.identify().map_err(|error| calibrate::unrun(&error))?;
    Ok(Candidate { interpreter, identity })
}

/// Whether the costs of a profile are those of such a Python.
fn fits(profile: &Profile, identity: &Identity) -> bool {
    profile.exact || profile.python == identity.minor && profile.free_threaded != identity.locked
}

impl Candidate {
    /// The Python with what it costs: as given, else as measured now.
    ///
    /// # Errors
    /// When gilsim does not model it, the profile is of another Python, or it cannot be measured.
    pub(super) fn costed(self, given: Option<&Arc<Profile>>) -> Result<Subject, Failure> {
        let Self { interpreter, identity } = self;
        let (name, version) = (interpreter.name(), &identity.version);
        let unfit = |what: String| Failure::file(format!("`{name}` {what}"));
        calibrate::check(&interpreter, &identity)?;
        let profile = match given {
            Some(profile) => Arc::clone(profile),
            None => parsed(&calibrate::measured(&interpreter, Workshop::open()?)?, &name)?,
        };
        if !fits(&profile, &identity) {
            let lock = if identity.locked { "" } else { " without a lock" };
            let (costs, of) = (profile.python, if profile.free_threaded { "t" } else { "" });
            return Err(unfit(format!(
                "is Python {version}{lock}, but the profile is for Python 3.{costs}{of}"
            )));
        }
        Ok(Subject { interpreter, identity, profile })
    }
}

/// The profile that the user names: a built-in one, or a file.
///
/// # Errors
/// When it cannot be read, or is none.
pub(super) fn given_profile(path: &Path) -> Result<Arc<Profile>, Failure> {
    if let Some(profile) = path.to_str().and_then(profile::built_in) {
        return Ok(profile);
    }
    let name = input::name(path);
    let unreadable = |error| Failure::unreadable(Path::new(&name), &error);
    let bytes = input::read(path, SCENARIO_BYTES + 1).map_err(unreadable)?;
    if bytes.len() as u64 > SCENARIO_BYTES {
        return Err(Failure::usage(format!(
            "{name}: a profile has {SCENARIO_BYTES} bytes at most"
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| unreadable(io::Error::other("it is not UTF-8 text")))?;
    parsed(&text, &name)
}

fn parsed(text: &str, name: &str) -> Result<Arc<Profile>, Failure> {
    profile::parse(text).map(Arc::new).map_err(|error| {
        let before = error.span.and_then(|span| text.get(..span.start));
        let line = before.map(|before| format!(":{}", before.matches('\n').count() + 1));
        Failure::usage(format!("{name}{}: {}", line.unwrap_or_default(), error.message))
    })
}
