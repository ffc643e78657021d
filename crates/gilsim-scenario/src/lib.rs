//! Scenario files: reading, checking, and messages with a place.
//!
//! A text becomes a tree of values with their places ([`Document`]); settings change the tree; the
//! reader turns it into a [`Scenario`], one function a rule, and collects every fault on its way.

mod brackets;
pub mod claims;
mod data_file;
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

use std::path::Path;

pub use document::Document;
pub use fault::Faults;
pub use fault::{Fault, nearest};
pub use files::digest;
pub use schema::{claims_schema, schema};
pub use tree::shortened;

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

/// Reads a scenario from its text. `name` is what messages and the manifest call it, `base` the folder
/// that its paths are relative to, `sets` are texts `KEY=VALUE` as `--set` takes them.
///
/// # Errors
/// With every fault that was found.
pub fn parse(text: &str, name: &str, base: &Path, sets: &[String]) -> Result<Loaded, Faults> {
    Document::parse(text, name, base).resolve_with(sets)
}
