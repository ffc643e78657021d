//! A scenario as a quiz: what the program does and where it runs, in plain words; questions that ask the reader to
//! predict what happens; and the answers, which are read off the summary.
//!
//! Until the answers are asked for, nothing that a run found out is shown: neither the title and the prose of the scenario, which often tell
//! it, nor a choice of questions or tools that depends on it.

mod choice;
mod print;
mod questions;
mod setting;
mod waits;

pub use print::{json, markdown, screen};
pub use waits::Waits;

use crate::report::ToolResult;
use gilsim_core::model::{Scenario, StepSpec};

/// A scenario with what a reader is to predict.
#[derive(Clone, Debug)]
pub struct Quiz {
    /// The scenario's title; it goes with the answers.
    title: String,
    /// The scenario's prose; it goes with the answers.
    about: String,
    /// What is to be done, where, and by which tools.
    set_up: Vec<Paragraph>,
    questions: Vec<Question>,
}

/// Lines under a heading.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Paragraph {
    heading: &'static str,
    lines: Vec<String>,
}

/// A question with its options.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Question {
    asks: String,
    options: Vec<String>,
    /// The positions of the right ones, ascending; never empty.
    right: Vec<usize>,
    /// Why these are right.
    because: String,
}

impl Quiz {
    /// The quiz of a scenario that was played with these results. `warnings` say of each result why the load of an open
    /// system is not served; none where it is. `waits` are of each result, where the scenario has any.
    pub fn of(
        scenario: &Scenario,
        results: &[ToolResult<'_>],
        warnings: &[Option<String>],
        waits: &[Option<&Waits>],
    ) -> Self {
        Self {
            title: scenario.title.clone(),
            about: scenario.about.clone(),
            set_up: setting::set_up(scenario),
            questions: questions::all(scenario, results, warnings, waits),
        }
    }
}

/// Whether to ask who never finishes: where tasks wait for each other. Others cannot deadlock.
fn may_deadlock(scenario: &Scenario) -> bool {
    scenario.tasks.iter().any(|entry| waits_for_others(&entry.steps))
}

fn waits_for_others(steps: &[StepSpec]) -> bool {
    steps.iter().any(|step| {
        step.kind().waits_for_tasks || step.within().any(|(_, steps)| waits_for_others(steps))
    })
}
