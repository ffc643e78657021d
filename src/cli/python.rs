//! `gilsim python`: an ordinary Python program that does a scenario for real.

use std::path::{Path, PathBuf};

use super::console;
use super::failure::{Code, Failure};
use super::input;
use super::options::no_such_tool;
use crate::python::validate::{ValidationError, forecast};
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::run::with_settled_clients;
use gilsim_core::workload::{TooLarge, settled};
use gilsim_render::program;
use gilsim_render::report;

/// Print a Python program that does a scenario for real
///
/// The program needs nothing but Python's standard library and has the draws of the simulation written
/// into it. Sites are sleeps, computations are loops that it calibrates before its clock starts; the shortest is a call
/// of such a loop, about 50 ns. It says how long it all took and, unless tasks are tiny, how long each task;
/// `--json`, `--repeats N` and `--trace FILE` are its own options. Only with `--trace` does it note what each step does and
/// when, and `--json` then says what a note costs. A warning tells where the simulation deadlocks, for the program then
/// hangs.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A scenario file; - is standard input
    file: PathBuf,

    /// The label or the name of the tool; not needed where the scenario has but one
    #[arg(long, value_name = "LABEL")]
    tool: Option<String>,

    /// Changes the scenario, as in `machine.cores=8` or `tools.workers=4` (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// The seed of all draws, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  gilsim python scenarios/download-100-pages.toml --tool asyncio > pages.py
  gilsim python page.toml --tool \"10 threads\" --set sites.shop.latency=2s | python3 - --repeats 5
  python3 pages.py --trace measured.csv";

/// Runs the command.
///
/// # Errors
/// When the scenario is wrong or has no such tool.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let mut scenario = input::load(&args.file, &args.set)?.scenario;
    if let Some(seed) = args.seed {
        scenario.seed = seed;
    }
    let told = |error: TooLarge| Failure::usage(error.to_string());
    let run = chosen(&scenario, args.tool.as_deref(), &args.file)?;
    let counted = with_settled_clients(&scenario, run, 0).map_err(told)?;
    let scenario = settled(&counted, 0).map_err(told)?;
    let run = chosen(&scenario, args.tool.as_deref(), &args.file)?;
    if let Some(why) = program::refusal(&scenario, run) {
        return Err(Failure::usage(why));
    }
    let program = program::program_of(&scenario, run)
        .map_err(|error| Failure::usage(format!("tool `{}`: {error}", run.label)))?;
    console::result(program.as_bytes())?;
    if let Err(ValidationError::Deadlock(stuck)) = forecast(&scenario, run) {
        let deadlock = report::deadlock(&run.label, &stuck);
        console::say(&format!("warning: this program hangs when it is run: {deadlock}"));
    }
    Ok(Code::Done)
}

/// The run of that label; else the only run of a tool of that name; without either, the only run.
fn chosen<'s>(
    scenario: &'s Scenario,
    wanted: Option<&str>,
    file: &Path,
) -> Result<&'s ToolRun, Failure> {
    let runs = &scenario.tools;
    let of_label = |wanted| runs.iter().find(|run| run.label == wanted);
    if let Some(run) = wanted.and_then(of_label) {
        return Ok(run);
    }
    let is_it = |run: &&ToolRun| wanted.is_none_or(|wanted| run.tool.name() == wanted);
    let candidates: Vec<&ToolRun> = runs.iter().filter(is_it).collect();
    if let [run] = candidates[..] {
        return Ok(run);
    }
    let labels: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
    let file = input::name(file);
    Err(Failure::usage(match wanted {
        Some(wanted) if candidates.is_empty() => no_such_tool(wanted, &labels, &file),
        _ => {
            let labels: Vec<&str> = candidates.iter().map(|run| run.label.as_str()).collect();
            format!(
                "{file} has several such tools; choose one with --tool LABEL: {}",
                labels.join(", ")
            )
        }
    }))
}
