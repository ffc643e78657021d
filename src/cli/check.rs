//! `gilsim check`: everything that is wrong with scenario files, or probably not meant.

use std::path::{Path, PathBuf};

use super::console;
use super::failure::{Code, Failure};
use super::input;
use gilsim_render::report::counted;
use gilsim_scenario::Loaded;

/// Say everything that is wrong with scenario files, without running them
///
/// A warning tells of what is sound and probably not meant: a site, computation, semaphore or queue that no step uses, and permits that are taken
/// and not given back.
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
            Ok(loaded) => {
                console::result(sound(file, &loaded).as_bytes())?;
                for warning in gilsim_scenario::warnings(&loaded.scenario) {
                    console::say(&console::warning(&input::name(file), &warning));
                }
            }
            Err(faults) => failures.push(faults.into()),
        }
    }
    Failure::all(failures).map_or(Ok(Code::Done), Err)
}

fn sound(file: &Path, loaded: &Loaded) -> String {
    let scenario = &loaded.scenario;
    let tasks = counted(scenario.task_count(), "task");
    let tools = counted(scenario.tools.len() as u64, "tool");
    format!("{}: ok, {tasks} for {tools}\n", input::name(file))
}
