//! `gilsim whatif`: what would help most.

use std::path::PathBuf;

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::input;
use super::manifest::Manifest;
use super::options::{Common, Format, Watched, jobs, titled};
use super::picture;
use super::progress::Runs;
use gilsim_core::model::Scenario;
use gilsim_render::table::json;
use gilsim_scenario::{Loaded, watch};
use gilsim_studies::whatif::{self, ToolStudy, screen};

/// Say what would help most: each site, computation and cost made faster in turn
///
/// Plays the scenario with every site, computation and cost of the profile 10 % to 100 % faster, without the lock, with one
/// more core, worker or connection, with one more permit of a semaphore or slot of a queue. Ranks them by how much shorter the
/// makespan (of an open system, or with --entry: p95) gets when a thing is twice as fast, or a change is made. All runs play the same draws. Writes DIR/<scenario's name>/whatif/: whatif.csv, whatif.svg, whatif.png and manifest.json.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A scenario file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// How many runs go on at once [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    #[command(flatten)]
    watched: Watched,

    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  gilsim whatif page.toml
  gilsim whatif page.toml --tool asyncio --set machine.cores=8
  gilsim whatif service.toml --entry health
  gilsim whatif page.toml --format csv | grep ',computation,'";

/// Every file that it may write.
const FILES: [&str; 4] = ["whatif.csv", "whatif.svg", "whatif.png", "manifest.json"];

/// Runs the command.
///
/// # Errors
/// When the scenario is wrong or a file cannot be read or written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let common = &args.common;
    let Loaded { mut scenario, inputs } = common.load(&args.file)?;
    if let Some(entry) = &args.watched.entry {
        watch(&mut scenario, entry, &input::name(&args.file)).map_err(Failure::usage)?;
    }
    let mut folder = Folder::open(&common.out.join(input::stem(&args.file)?).join("whatif"))?;
    let progress = Runs::on_terminal(common.quiet);
    let studies = whatif::play(&scenario, jobs(args.jobs), &progress).map_err(Failure::usage)?;
    progress.finish();
    let table = whatif::csv(&studies);
    folder.add("whatif.csv", &table)?;
    picture::add_curves(&mut folder, &scenario, &studies)?;
    let mut arguments = args.watched.arguments();
    arguments.extend(common.arguments());
    let manifest = Manifest::new("whatif", &inputs, scenario.seed, arguments);
    folder.add("manifest.json", &manifest.text())?;
    let written = folder.finish(&FILES)?;

    if let Some(format) = common.shown_as() {
        console::result(&printed(format, &scenario, &studies, table))?;
    }
    if !common.quiet {
        console::say(&written.to_string());
        for study in &studies {
            if let Some(warning) = &study.warning {
                console::say(&console::warning(&study.tool, warning));
            }
        }
    }
    let deadlocks = studies.iter().filter_map(|study| study.deadlock.as_ref());
    let code = if deadlocks.clone().next().is_some() { Code::False } else { Code::Done };
    deadlocks.for_each(|deadlock| console::say(deadlock));
    Ok(code)
}

fn printed(format: Format, scenario: &Scenario, studies: &[ToolStudy], table: Vec<u8>) -> Vec<u8> {
    match format {
        Format::Table => titled(scenario, &screen::text(studies, scenario)),
        Format::Markdown => titled(scenario, &screen::markdown(studies, scenario)),
        Format::Csv => table,
        Format::Json => json(studies),
    }
}
