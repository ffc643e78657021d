//! `gilsim whatif`: what would help most.

use std::path::PathBuf;

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::input;
use super::manifest::Manifest;
use super::options::{Common, Format, jobs, titled};
use super::picture;
use super::progress::Runs;
use gilsim_core::model::Scenario;
use gilsim_render::table::json;
use gilsim_scenario::Loaded;
use gilsim_studies::whatif::{self, ToolStudy, screen};

/// Say what would help most: each site, computation and cost made faster in turn
///
/// Plays the scenario with every site, computation and cost of the profile 10 % to 100 % faster, without the lock, with one
/// more core, worker or connection. Ranks them by how much shorter the makespan (of an open system: p95) gets when a thing is
/// twice as fast, or a change is made. All runs play the same draws. Writes DIR/<scenario's name>/whatif/: whatif.csv, whatif.svg, whatif.png and manifest.json.
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
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  gilsim whatif page.toml
  gilsim whatif page.toml --tool asyncio --set machine.cores=8
  gilsim whatif page.toml --format csv | grep ',computation,'";

/// Every file that it may write.
const FILES: [&str; 4] = ["whatif.csv", "whatif.svg", "whatif.png", "manifest.json"];

/// Runs the command.
///
/// # Errors
/// When the scenario is wrong or a file cannot be read or written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let common = &args.common;
    let Loaded { scenario, inputs } = common.load(&args.file)?;
    let mut folder = Folder::open(&common.out.join(input::stem(&args.file)?).join("whatif"))?;
    let progress = Runs::on_terminal(common.quiet);
    let studies = whatif::play(&scenario, jobs(args.jobs), &progress).map_err(Failure::usage)?;
    progress.finish();
    let table = whatif::csv(&studies);
    folder.add("whatif.csv", &table)?;
    picture::add_curves(&mut folder, &scenario, &studies)?;
    let manifest = Manifest::new("whatif", &inputs, scenario.seed, common.arguments());
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
    let goal = scenario.goal();
    match format {
        Format::Table => titled(scenario, &screen::text(studies, goal)),
        Format::Markdown => titled(scenario, &screen::markdown(studies, goal)),
        Format::Csv => table,
        Format::Json => json(studies),
    }
}
