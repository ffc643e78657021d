//! Claims files as they are read: plain data, and the places that messages point to.

mod located;
mod template;

use std::path::Path;
use std::sync::Arc;

pub use located::Located;
pub use template::{Filled, Template};

use super::fault::{Fault, Faults};
use super::read;
use super::source::{Place, Source};
use super::{Document, Files};

/// A claims file.
#[derive(Clone, Debug)]
pub struct ClaimFile {
    /// What messages call it.
    pub name: String,
    /// Its claims, in file order; at least one.
    pub claims: Vec<ClaimText>,
    /// The file, then those of its claims' `file`.
    pub sources: Vec<Arc<Source>>,
}

/// A claim as its file says it.
#[derive(Clone, Debug)]
pub struct ClaimText {
    /// The statement.
    pub says: String,
    /// What is drawn, in file order.
    pub given: Vec<Given>,
    /// The scenario.
    pub template: Template,
    /// What is true in every case.
    pub expect: Located,
    /// Which cases count; all where there is none.
    pub when: Option<Located>,
    /// By how much a comparison in `expect` may miss.
    pub tolerance: Tolerance,
    /// The profiles that each case is played under; that of the scenario where there are none.
    pub profiles: Vec<NamedProfile>,
    /// Whether the claim is held to be true.
    pub holds: bool,
}

/// A profile that a claim is tested under.
#[derive(Clone, Debug)]
pub struct NamedProfile {
    /// A built-in one, or the path of a file.
    pub name: String,
    /// Where it is named.
    pub place: Place,
}

/// A name and what is drawn for it.
#[derive(Clone, Debug)]
pub struct Given {
    /// An identifier.
    pub name: String,
    /// What it can be.
    pub values: Values,
}

/// What can be drawn.
#[derive(Clone, Debug)]
pub enum Values {
    /// Whole numbers, both ends included.
    Whole(u64, u64),
    /// Lengths of time in nanoseconds, both ends included.
    Durations(u64, u64),
    /// One of these; never empty, and all of one type.
    Choice(Vec<Choice>),
}

/// One value of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// As the scenario's text has it.
    pub text: String,
    /// As expressions have it.
    pub value: Constant,
}

/// A value in expressions.
#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    /// A number, or nanoseconds.
    Number(f64),
    /// True or false.
    Truth(bool),
    /// A text.
    Text(String),
}

/// By how much a comparison may miss.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tolerance {
    /// Not at all.
    None,
    /// A share of the larger side.
    Share(f64),
    /// Nanoseconds.
    Nanos(f64),
}

impl Tolerance {
    /// By how much two numbers may miss.
    pub fn slack(self, left: f64, right: f64) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Share(share) => share * left.abs().max(right.abs()),
            Self::Nanos(nanos) => nanos,
        }
    }
}

impl ClaimFile {
    /// Reads a claims file.
    ///
    /// # Errors
    /// With every fault that was found in it, but for those of expressions and scenarios.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        Self::of(&Document::read(path)?)
    }

    /// Reads a claims file, and the files that it names, from elsewhere than the disk.
    ///
    /// # Errors
    /// With every fault that was found in it, but for those of expressions and scenarios.
    pub fn read_from(files: Arc<dyn Files>, path: &Path) -> Result<Self, Faults> {
        Self::of(&Document::read_from(files, path)?)
    }

    fn of(document: &Document) -> Result<Self, Faults> {
        let outcome = read::claims(document);
        let faults = document.believed(Vec::new(), outcome.faults);
        if !faults.is_empty() {
            return Err(Faults::new(outcome.sources, faults));
        }
        Ok(Self { name: document.name(), claims: outcome.claims, sources: outcome.sources })
    }

    /// Faults of this file as they are shown.
    pub fn faults(&self, faults: Vec<Fault>) -> Faults {
        Faults::new(self.sources.clone(), faults)
    }
}

/// What came of reading a claims file. The claims are of no use where there are faults.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) claims: Vec<ClaimText>,
    pub(super) faults: Vec<Fault>,
    pub(super) sources: Vec<Arc<Source>>,
}
