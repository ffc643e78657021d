//! `gilsim check`: everything that is wrong with scenario files.

use std::path::{Path, PathBuf};

use super::console;
use super::failure::{Code, Failure};
use super::input;
use super::play::Loaded;

/// Say everything that is wrong with scenario files, without running them
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Scenario files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gilsim check page.toml
  gilsim check scenarios/*.toml";

/// Runs the command.
///
/// # Errors
/// With the faults of all files.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let mut failures = Vec::new();
    for file in &args.files {
        match input::load(file, &[]) {
            Ok(loaded) => console::result(sound(file, &loaded).as_bytes())?,
            Err(faults) => failures.push(Failure::from_faults(&faults)),
        }
    }
    Failure::all(failures).map_or(Ok(Code::Done), Err)
}

fn sound(file: &Path, loaded: &Loaded) -> String {
    let scenario = &loaded.scenario;
    let tasks: u64 = scenario.tasks.iter().map(|entry| u64::from(entry.count)).sum();
    let counted = |count: u64, noun: &str| {
        let s = if count == 1 { "" } else { "s" };
        format!("{count} {noun}{s}")
    };
    let tools = counted(scenario.tools.len() as u64, "tool");
    format!("{}: ok, {} for {tools}\n", input::name(file), counted(tasks, "task"))
}
