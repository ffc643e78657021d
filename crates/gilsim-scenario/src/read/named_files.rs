//! Files that a scenario names: data files and own profiles.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Reader;
use crate::Input;
use crate::document::{not_utf8, relative_name};
use crate::fault::Fault;
use crate::files::ReadError;
use crate::source::{Place, Source};
use crate::tree::{Node, shortened, shown_path};
use gilsim_core::profile::{self, Profile, ProfileError};
use gilsim_core::time::SimDuration;

/// The newest profile, for the name of one of a Python that is newer still.
fn newer_python(name: &str) -> Option<String> {
    let version = name.strip_prefix("cpython-3.")?;
    let minor = version.strip_suffix('t').unwrap_or(version).parse::<u8>().ok()?;
    let build = if version.ends_with('t') { "t" } else { "" };
    (minor > profile::NEWEST).then(|| format!("cpython-3.{}{build}", profile::NEWEST))
}

impl Reader<'_> {
    /// The values of the data file that `node` names.
    pub(super) fn data_file(&mut self, node: &Node) -> Option<Arc<[SimDuration]>> {
        let path = self.path(node, "the path of a data file, in quotes")?;
        let read = match self.files.data(&path) {
            Ok(read) => read,
            Err(error) => return self.unreadable(node, &path, error),
        };
        self.input(node, &read.sha256);
        if read.content.faults.is_empty() {
            return Some(Arc::clone(&read.content.values));
        }
        let source = self.source(&path, &read.content.text);
        for fault in &read.content.faults {
            let place = Place::new(source, fault.span.clone());
            let fault = Fault::new(place, &fault.title).label(&fault.label);
            self.faults.push(fault.related(node.place, "the file is named here"));
        }
        None
    }

    /// The profile that `node` names: a built-in one, or a file where the name looks like a path.
    pub(super) fn profile(&mut self, node: &Node) -> Option<Arc<Profile>> {
        let Some(name) = node.as_text() else {
            return self.expected(node, "the name of a profile like \"cpython-3.14\"");
        };
        if let Some(profile) = profile::built_in(name) {
            return Some(profile);
        }
        if is_path(name) {
            return self.profile_file(node);
        }
        let fault = Fault::new(node.place, format!("there is no profile `{}`", shortened(name)));
        let fault = match newer_python(name) {
            Some(newest) => fault.label(format!("the newest that gilsim knows is `{newest}`")),
            None => fault.suggest(name, profile::names()),
        };
        self.refuse(fault.help(format!(
            "built-in profiles: {}; or the path of a profile file, `./NAME.toml`",
            profile::names().collect::<Vec<_>>().join(", ")
        )))
    }

    fn profile_file(&mut self, node: &Node) -> Option<Arc<Profile>> {
        let path = self.path(node, "the path of a profile file")?;
        let read = match self.files.profile(&path) {
            Ok(read) => read,
            Err(error) => return self.unreadable(node, &path, error),
        };
        self.input(node, &read.sha256);
        match &read.content.profile {
            Ok(profile) => Some(Arc::clone(profile)),
            Err(error) => {
                let source = self.source(&path, &read.content.text);
                self.refuse(profile_fault(error, source, node.place))
            }
        }
    }

    /// The path that `node` names, relative to the scenario.
    fn path(&mut self, node: &Node, what: &str) -> Option<PathBuf> {
        match node.as_text().filter(|name| !name.is_empty()) {
            Some(name) => Some(self.base.join(name)),
            None => self.expected(node, what),
        }
    }

    /// Notes a file as one that the scenario was made from.
    fn input(&mut self, node: &Node, sha256: &str) {
        let name = relative_name(node.as_text().unwrap_or_default());
        let input = Input { name, sha256: sha256.to_owned() };
        if !self.inputs.contains(&input) {
            self.inputs.push(input);
        }
    }

    /// The number of a new source.
    fn source(&mut self, path: &Path, text: &str) -> usize {
        let name = path.display().to_string();
        self.sources.push(Arc::new(Source::new(name, text.to_owned())));
        self.sources.len() - 1
    }

    /// Notes that the file that `node` names cannot be used.
    fn unreadable<T>(&mut self, node: &Node, path: &Path, error: ReadError) -> Option<T> {
        let told = error.told(&shown_path(path));
        let fault = match error {
            ReadError::Io(_) => Fault::unreadable(node.place, told),
            ReadError::TooLarge(_) => Fault::new(node.place, told),
            ReadError::NotUtf8(text, byte) => {
                let source = self.source(path, &text);
                let fault = not_utf8(source, byte);
                return self.refuse(fault.related(node.place, "the file is named here"));
            }
        };
        self.refuse(fault.label("named here; paths are relative to the scenario's folder"))
    }
}

/// Whether the name of a profile is the path of a file.
pub(super) fn is_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "toml")
}

/// The fault of a profile file, in that file where it has a place there.
fn profile_fault(error: &ProfileError, source: usize, named: Place) -> Fault {
    let (title, rest) = error.message.split_once('\n').unwrap_or((&error.message, ""));
    let fault = Fault::new(Place::new(source, error.span.clone().unwrap_or(0..0)), title);
    fault.label(rest.trim()).related(named, "the profile is named here")
}
