//! `gilsim whatif`: what would help most.

use std::path::PathBuf;

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::manifest::Manifest;
use super::options::{Common, Format, jobs};
use super::picture;
use super::play::{Loaded, load};
use super::progress::Runs;
use gilsim_core::model::Scenario;
use gilsim_render::report;
use gilsim_render::table::json;
use gilsim_studies::whatif::{self, ToolStudy, screen};

/// Say what would help most: each site, computation and cost made faster in turn
///
/// Plays the scenario with every site, computation and cost of the profile 10 % to 100 % faster, without the lock, with one
/// more core, worker or connection. Ranks them by how much shorter the makespan (of an open system: p95) gets when a thing is
/// twice as fast, or a change is made. All runs play the same draws. Writes DIR/<scenario's name>/whatif/: whatif.csv, whatif.svg, whatif.png and manifest.json.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A scenario file
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
    let Loaded { mut scenario, inputs } =
        load(&args.file, &common.set).map_err(|faults| Failure::from_faults(&faults))?;
    common.apply(&mut scenario, &args.file.display().to_string())?;
    let stem = args
        .file
        .file_stem()
        .ok_or_else(|| Failure::usage(format!("`{}` is no scenario file", args.file.display())))?;
    let mut folder = Folder::open(&common.out.join(stem).join("whatif"))?;
    let progress = Runs::on_terminal(common.quiet);
    let studies = whatif::play(&scenario, jobs(args.jobs), &progress).map_err(Failure::usage)?;
    progress.finish();
    let table = whatif::csv(&studies);
    folder.add("whatif.csv", &table)?;
    picture::add_curves(&mut folder, &scenario, &studies)?;
    let manifest = Manifest::new("whatif", &inputs, scenario.seed, common.arguments());
    folder.add("manifest.json", &manifest.text())?;
    let path = folder.path().to_owned();
    let names = folder.finish(&FILES)?;

    if let Some(format) = common.shown_as() {
        console::result(&printed(format, &scenario, &studies, table))?;
    }
    if !common.quiet {
        console::say(&format!("wrote {} to {}", names.join(", "), path.display()));
    }
    if !common.quiet {
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
    let (title, goal) = (report::one_line(&scenario.title), scenario.goal());
    let titled = |text: String| if title.is_empty() { text } else { format!("{title}\n\n{text}") };
    match format {
        Format::Table => titled(screen::text(studies, goal)).into_bytes(),
        Format::Markdown => titled(screen::markdown(studies, goal)).into_bytes(),
        Format::Csv => table,
        Format::Json => json(studies),
    }
}
