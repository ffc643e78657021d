//! Scenario files: reading, checking, and messages with a place.
//!
//! A text becomes a tree of values with their places ([`Document`]); settings change the tree; the
//! reader turns it into a [`Scenario`], one function a rule, and collects every fault on its way.

mod brackets;
pub mod claims;
mod data_file;
#[cfg(feature = "disk")]
mod disk;
mod document;
mod fault;
mod files;
mod keys;
pub mod limits;
#[cfg(test)]
mod properties;
mod read;
mod schema;
mod set;
pub mod source;
mod syntax;
mod tree;
mod unmodelled;
mod unused;
mod watched;

use std::path::Path;
use std::sync::Arc;

pub use brackets::outside;
#[cfg(feature = "disk")]
pub use disk::Disk;
pub use document::Document;
pub use fault::{Fault, Faults, nearest};
pub use files::{Files, digest};
pub use schema::{claims_schema, schema};
pub use tree::shortened;
pub use unused::warnings;
pub use watched::watch;

use gilsim_core::model::Scenario;

/// A scenario with what it was made from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the file says, checked and with all defaults.
    pub scenario: Scenario,
    /// The files that it was made from: the scenario first, then those that it names.
    pub inputs: Vec<Input>,
}

/// A file that a scenario was made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// As the command line or the scenario names it; never an absolute path.
    pub name: String,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub sha256: String,
}

/// Reads a scenario file and applies `sets`, texts `KEY=VALUE` as `--set` takes them.
///
/// # Errors
/// With every fault that was found.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Faults> {
    Document::read(path)?.resolve_with(sets)
}

/// Reads a scenario, and the files that it names, from elsewhere than the disk; in a browser, from memory.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::path::{Path, PathBuf};
/// use std::sync::Arc;
///
/// let pages = "tasks = [{ steps = [{ wait = { samples = '../measured.csv' } }] }]";
/// let files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::from([
///     ("shop/pages.toml".into(), pages.into()),
///     ("shop/../measured.csv".into(), "20ms\n30ms\n".into()),
/// ]);
/// let path = Path::new("shop/pages.toml");
/// let loaded = gilsim_scenario::load_from(Arc::new(files), path, &[]).expect("it is sound");
/// assert_eq!(loaded.inputs[1].name, "../measured.csv");
/// ```
///
/// # Errors
/// With every fault that was found.
pub fn load_from(files: Arc<dyn Files>, path: &Path, sets: &[String]) -> Result<Loaded, Faults> {
    Document::read_from(files, path)?.resolve_with(sets)
}

/// Reads a scenario from its text. `name` is what messages and the manifest call it, `base` the folder
/// that its paths are relative to, `sets` are texts `KEY=VALUE` as `--set` takes them.
///
/// # Errors
/// With every fault that was found.
pub fn parse(text: &str, name: &str, base: &Path, sets: &[String]) -> Result<Loaded, Faults> {
    Document::parse(text, name, base).resolve_with(sets)
}
