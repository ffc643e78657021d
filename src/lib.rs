//! gilsim: a deterministic discrete-event simulator of how Python programs schedule.
//!
//! A scenario says what a program waits on and what it computes; gilsim plays it through every
//! concurrency tool that Python has and shows who ran, who waited, for what, and for how long.
//!
//! # The library
//!
//! [`parse`] or [`load`] make a [`Scenario`]; [`run`] plays one of its tools and sums up what happened. The same scenario,
//! tool and replicate give the same numbers everywhere.
//!
//! ```
//! use std::path::Path;
//!
//! let text = r#"
//!     interpreter.profile = "ideal" # every cost is zero
//!     tasks = [{ count = 3, steps = [{ compute = "1ms" }, { wait = "1s" }] }]
//!     tools = [{ use = "sequential" }, { use = "asyncio" }]
//! "#;
//! let scenario = gilsim::parse(text, "pages.toml", Path::new("."), &[])?.scenario;
//!
//! let mut runs = Vec::new();
//! for tool in &scenario.tools {
//!     runs.push(gilsim::run(&scenario, tool, 0)?);
//! }
//! let makespans: Vec<String> = runs.iter().map(|run| run.totals.makespan.to_string()).collect();
//! assert_eq!(makespans, ["3.003 s", "1.003 s"]);
//!
//! // A run that does not deadlock has the columns of summary.csv. Two of them compare the tools.
//! gilsim::compare(&scenario, &mut runs);
//! let asyncio = runs[1].outcome.as_ref().expect("it finishes");
//! assert_eq!(asyncio.speedup.expect("sequential is there").to_string(), "2.994018");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`run_with`] tells a [`Sink`] every interval of every task and thread:
//!
//! ```
//! use gilsim::{Row, Sink, State};
//!
//! /// How often somebody waited for the interpreter lock.
//! #[derive(Default)]
//! struct Waits(usize);
//!
//! impl Sink for Waits {
//!     fn row(&mut self, row: &Row) {
//!         self.0 += usize::from(row.state == State::LockWait);
//!     }
//! }
//!
//! let text = r#"
//!     interpreter.profile = "ideal"
//!     tasks = [{ count = 2, steps = [{ compute = "12ms" }] }]
//!     tools = [{ use = "threading" }]
//! "#;
//! let scenario = gilsim::parse(text, "turns.toml", std::path::Path::new("."), &[])?.scenario;
//! let mut waits = Waits::default();
//! gilsim::run_with(&scenario, &scenario.tools[0], 0, &mut waits)?;
//! assert!(waits.0 > 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! The modules below are for those who need more: [`model`] is what a scenario says, [`profile`] what a Python costs,
//! [`sink`] the summary and the audit, [`open`] open systems; [`formats`], [`chart`], [`html`] and [`report`] show runs;
//! [`sweep`], [`claims`], [`whatif`] and [`figures`] are studies of many runs. `gilsim-core`, `gilsim-scenario`,
//! `gilsim-render` and `gilsim-studies` are the crates that they come from.

pub mod cli;
pub mod import;
mod python;
pub mod record;

#[doc(inline)]
pub use gilsim_core::{
    model::{Scenario, ToolRun},
    run::{Prepared, Run, compare, run, run_with},
    sink::row::SummaryRow,
    trace::{Row, Sink, State},
    workload::TooLarge,
};
#[doc(inline)]
pub use gilsim_scenario::{Faults, Loaded, load, parse};

#[doc(no_inline)]
pub use gilsim_core::{
    engine, ids, model, open, plan, profile, sink, time, tools, trace, workload,
};
#[doc(no_inline)]
pub use gilsim_render::{chart, formats, html, lanes, program, quiz, report, table};
#[doc(no_inline)]
pub use gilsim_scenario as scenario;
#[doc(no_inline)]
pub use gilsim_studies::{Listener, claims, figures, sweep, threads, whatif};
