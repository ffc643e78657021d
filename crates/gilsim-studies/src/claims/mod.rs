//! Claims about scheduling, tested over scenarios drawn at random.
//!
//! A claim says what is drawn, the scenario that is made of it, and an expression that is true of its
//! results. It is refuted by one case, which is then made smaller until no value can be lowered. Cases
//! depend on the seed and the claim's number alone, so neither the number of threads nor what was found
//! before changes them.

mod case;
mod check;
mod counter;
mod expression;
mod metric;
mod parse;
mod play;
pub mod screen;

use std::path::Path;

use case::Case;
use check::Search;
use expression::Truth;
use metric::Metric;
use parse::Scope;
use play::Seen;

use crate::listener::Listener;
use gilsim_scenario::Faults;
use gilsim_scenario::claims::{ClaimFile, ClaimText, Tolerance};

/// The claims of a file, ready to be tested.
#[derive(Debug)]
pub struct Suite {
    file: ClaimFile,
    claims: Vec<Claim>,
}

/// A claim whose expressions are right.
#[derive(Debug)]
struct Claim {
    /// From 1, in file order.
    number: usize,
    text: ClaimText,
    expect: Truth,
    when: Option<Truth>,
    /// The metrics that the expressions name.
    metrics: Vec<Metric>,
}

/// What came of a claim.
#[derive(Debug)]
pub struct Verdict {
    /// Cases that count; where there is a counter-example, up to it.
    counted: u64,
    /// Cases that were asked for.
    of: u64,
    counter: Option<CounterExample>,
}

/// A case of which a claim is not true.
#[derive(Debug)]
struct CounterExample {
    /// The case that it was found in, from 0.
    number: u64,
    case: Case,
    profile: Option<String>,
    seen: Seen,
    /// Its scenario.
    text: String,
}

/// Why a claim could not be tested.
#[derive(Debug)]
pub enum Stop {
    /// The claim or its scenario is wrong.
    Faults(Faults),
    /// A scenario cannot be played, in a sentence.
    Wrong(String),
    /// The audit found a law of the trace broken.
    Bug(String),
}

impl Suite {
    /// Reads a claims file.
    ///
    /// # Errors
    /// With every fault that was found in it; those of the scenarios show when they are played.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        Self::of(ClaimFile::read(path)?)
    }

    /// The claims of a file that was read.
    ///
    /// # Errors
    /// With every fault of their expressions.
    pub fn of(file: ClaimFile) -> Result<Self, Faults> {
        let mut claims = Vec::new();
        let mut faults = Vec::new();
        for (index, text) in file.claims.iter().enumerate() {
            let mut scope = Scope { given: &text.given, metrics: Vec::new() };
            let none = Tolerance::None;
            let when = text.when.as_ref();
            let when = when.map(|when| parse::truth(when, &mut scope, none, true)).transpose();
            let expect = parse::truth(&text.expect, &mut scope, text.tolerance, false);
            match (when, expect) {
                (Ok(when), Ok(expect)) => {
                    let metrics = scope.metrics;
                    let text = text.clone();
                    claims.push(Claim { number: index + 1, text, expect, when, metrics });
                }
                (when, expect) => {
                    faults.extend(when.err().into_iter().chain(expect.err()).flatten());
                }
            }
        }
        if faults.is_empty() { Ok(Self { file, claims }) } else { Err(file.faults(faults)) }
    }

    /// What the file is called.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// How many claims there are; at least 1.
    pub fn count(&self) -> usize {
        self.claims.len()
    }

    /// Tests a claim. Each case counts as a run.
    ///
    /// # Errors
    /// When no case counts, a scenario is wrong, an expression has no value, or the audit finds a law broken.
    pub fn check(
        &self,
        claim: usize,
        cases: u32,
        seed: u64,
        listener: &dyn Listener,
    ) -> Result<Verdict, Stop> {
        check::claim(&self.file, &self.claims[claim], Search { cases, seed }, listener)
    }

    /// Whether a claim is as its file says: true, or if it is held to be false, false.
    pub fn is_as_said(&self, claim: usize, verdict: &Verdict) -> bool {
        self.claims[claim].text.holds == verdict.counter.is_none()
    }

    /// The scenario of the counter-example of a claim, if there is one, to be written into `folder`.
    pub fn counter_example(
        &self,
        claim: usize,
        verdict: &Verdict,
        folder: &Path,
    ) -> Option<String> {
        let counter = verdict.counter.as_ref()?;
        Some(counter::scenario(&self.file.name, &self.claims[claim], counter, folder))
    }
}
