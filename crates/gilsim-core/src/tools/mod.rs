//! The concurrency tools of Python, each as a topology: which threads and processes it has, and the
//! small programs that they run.
//!
//! One file per tool. A file says how the tool's code in CPython's standard library goes, in the
//! instructions of [`crate::plan::Op`]; what each instruction costs comes from the profile.

mod asyncio;
mod builder;
mod event_loop;
mod interpreter_pool;
mod multiprocessing;
mod multiprocessing_pool;
mod pipe;
mod process_pool;
mod script;
mod sequential;
mod thread_pool;
mod threading;
mod turns;
mod words;

use crate::model::{Scenario, Tool, ToolRun};
use crate::plan::Plan;
use crate::workload::{TooLarge, Workload};

use builder::Builder;

/// The names that the engine itself gives to rows.
const ENGINE_NAMES: [&str; 12] = [
    "wake", "switch", "loop", "poll", "step", "create", "executor", "result", "join", "start",
    "arrival", "pickle",
];

/// The plan of one run: the draws of one replicate of a scenario, laid out for one tool.
///
/// # Errors
/// When its threads would take turns so often that the run would not end in a day.
pub fn lay_out(
    scenario: &Scenario,
    tool: &ToolRun,
    replicate: u32,
    workload: Workload,
) -> Result<Plan, TooLarge> {
    let mut builder = Builder::new(scenario, tool, workload, replicate);
    let write = match tool.tool {
        Tool::Sequential => sequential::write,
        Tool::Threading => threading::write,
        Tool::ThreadPool => thread_pool::write,
        Tool::Asyncio => asyncio::write,
        Tool::ToThread => asyncio::write_to_thread,
        Tool::Multiprocessing => multiprocessing::write,
        Tool::MultiprocessingPool => multiprocessing_pool::write,
        Tool::ProcessPool => process_pool::write,
        Tool::InterpreterPool => interpreter_pool::write,
    };
    write(&mut builder);
    let plan = builder.finish();
    turns::check(&plan, tool)?;
    Ok(plan)
}
