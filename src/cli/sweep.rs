//! `gilsim sweep`: a scenario over a grid of values, with replicates, on all cores.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::input;
use super::journal::Journal;
use super::manifest::Manifest;
use super::options::{Common, Format, Watched, jobs, titled};
use super::picture;
use super::progress::Runs;
use gilsim_core::model::Scenario;
use gilsim_render::report;
use gilsim_render::table::json;
use gilsim_scenario::{Document, Input, digest};
use gilsim_studies::sweep::outcome::Outcome;
use gilsim_studies::sweep::parts::Part;
use gilsim_studies::sweep::{
    self, Block, Grid, MOST_REPLICATES, Refusal, Shard, Stopped, Study, ToolRows, Vary, grouped,
    screen,
};

/// Play a scenario over lists and ranges of values
///
/// Plays every combination of the values with every tool, on all cores, and writes DIR/<scenario's name>/sweep/:
/// sweep.csv (a row per point, tool and replicate), summary.json (means, 95 % confidence intervals, percentiles, best
/// values, knees, the Universal Scalability Law), lines.svg and lines.png where one key is varied,
/// heat.svg and heat.png where two are, and manifest.json. Replicate r plays the same draws at every point and under every tool. An interrupted sweep goes on where it was when the same command is given again.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A scenario file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// A key and its values: a list `1,2,4`, a range `1..64` with both ends, `1..64 step 4`, `1..1024 log`
    /// (doubling); durations and distributions in lists. Several make a grid, the first key slowest
    #[arg(long, value_name = "KEY=VALUES")]
    vary: Vec<String>,

    /// How often each point is played, each time with other draws [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    replicates: Option<u32>,

    /// Add replicates until half the width of the 95 % interval of each mean makespan (of an open system: p95) is at
    /// most this share of the mean, as in 1% (at least 10 replicates, at most 1000 or --replicates)
    #[arg(long, value_name = "P%", value_parser = percent)]
    until_ci: Option<Percent>,

    #[command(flatten)]
    watched: Watched,

    /// How many runs go on at once [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Only points i, i+n, …: part i of n, to be joined with gilsim merge
    #[arg(long, value_name = "i/n")]
    shard: Option<Shard>,

    /// Play more than a million runs
    #[arg(long)]
    allow_large: bool,

    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  gilsim sweep page.toml --vary tools.workers=1..64 --replicates 30
  gilsim sweep page.toml --vary machine.cores=1,2,4,8 --vary \"tools.workers=1..64 log\"
  gilsim sweep page.toml --vary 'sites.shop.latency=100ms,1s,{ exponential = \"1s\" }' --until-ci 1%
  gilsim sweep service.toml --vary tools.workers=1..64 --entry health
  gilsim sweep page.toml --vary tools.workers=1..64 --shard 2/8";

/// Runs that a sweep has at most unless a flag allows more.
const RUNS_MAX: u128 = 1_000_000;

/// Runs that a sweep has at most in any case: their rows are kept in memory.
const RUNS_MAX_LARGE: u128 = 100_000_000;

/// Every file that a sweep may write.
const FILES: [&str; 7] = [
    "sweep.csv",
    "summary.json",
    "lines.svg",
    "lines.png",
    "heat.svg",
    "heat.png",
    "manifest.json",
];

/// A share, and how it was written.
#[derive(Clone, Debug)]
struct Percent(f64, String);

fn percent(text: &str) -> Result<Percent, String> {
    let number = text.trim().trim_end_matches('%').trim();
    let share = number.parse::<f64>().ok().filter(|percent| *percent > 0.0 && *percent <= 100.0);
    let share = share.ok_or("expected a share of the mean above 0 % and up to 100 %, like 1%")?;
    Ok(Percent(share / 100.0, format!("{number}%")))
}

/// What is to be played, and what identifies it.
struct Prepared {
    study: Study,
    /// At the first point.
    scenario: Scenario,
    inputs: Vec<Input>,
}

/// Runs the command.
///
/// # Errors
/// When the scenario or a value is wrong, the study is too large, or a file cannot be read or written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let prepared = prepare(args)?;
    let folder = place(args)?;
    let mut folder = Folder::open_alone(&folder)?;
    let identity = digest(
        &Manifest::new("sweep", &prepared.inputs, prepared.scenario.seed, identity(args)).text(),
    );
    let shard = prepared.study.shard;
    let (journal, done) = Journal::open(folder.path(), &identity, shard, &prepared.study.grid)?;
    let blocks = play(args, &prepared.study, &journal, done)?;
    let table = sweep::table(&prepared.study, &blocks);
    let outcome = Outcome::of(&prepared.study.grid, &blocks, prepared.scenario.goal());
    let summary = outcome.json();

    let part = Part {
        study: identity,
        vary: prepared.study.grid.varied().iter().map(Vary::text).collect(),
        points: prepared.study.point_count(),
        shard,
        sweep_csv_sha256: digest(&table),
    };
    folder.add("sweep.csv", &table)?;
    folder.add("summary.json", &summary)?;
    match outcome.keys.as_slice() {
        [_] => picture::add_lines(&mut folder, &prepared.scenario, &outcome)?,
        [_, _] => picture::add_heat(&mut folder, &prepared.scenario, &outcome)?,
        _ => {}
    }
    folder.add("manifest.json", &manifest(args, &prepared, &part))?;
    let written = folder.finish(&FILES)?;
    journal.remove();

    if let Some(format) = args.common.shown_as() {
        console::result(&printed(format, &prepared.scenario, &outcome, table, summary))?;
    }
    if !args.common.quiet {
        console::say(&written.to_string());
        let labels = prepared.scenario.tools.iter().map(|run| run.label.as_str());
        warn(&prepared.study, &labels.collect::<Vec<_>>(), &blocks);
    }
    Ok(conclude(&prepared.study, &blocks))
}

/// The study, once all that can be known before it is played is right.
fn prepare(args: &Args) -> Result<Prepared, Failure> {
    if args.vary.is_empty() && args.replicates.is_none() && args.until_ci.is_none() {
        return Err(Failure::usage(
            "there is nothing to vary: give --vary KEY=VALUES, as in --vary tools.workers=1..64, or --replicates N",
        ));
    }
    let grid = grid(&args.vary)?;
    let mut study = Study {
        document: document(args)?,
        grid,
        seed: args.common.seed,
        labels: Vec::new(),
        entry: args.watched.entry.clone(),
        replicates: args.replicates.unwrap_or(1),
        until: args.until_ci.as_ref().map(|percent| percent.0),
        shard: args.shard.unwrap_or(Shard::WHOLE),
    };
    if study.seed.is_some() && study.grid.varied().iter().any(|vary| vary.key() == "seed") {
        return Err(Failure::usage(
            "--seed and --vary seed exclude each other: leave one of them out",
        ));
    }
    check_size(&study, 1, args.allow_large)?;
    let inputs = study.check().map_err(refused)?;
    let mut scenario = study.scenario(0).map_err(|refusal| refused(vec![refusal]))?;
    args.common.apply(&mut scenario, &input::name(&args.file))?;
    study.labels.clone_from(&args.common.tool);
    check_size(&study, scenario.tools.len(), args.allow_large)?;
    Ok(Prepared { study, scenario, inputs })
}

fn grid(texts: &[String]) -> Result<Grid, Failure> {
    let varied = texts.iter().map(|text| Vary::parse(text).map_err(Failure::usage));
    Grid::new(Failure::or_all(varied)?).map_err(Failure::usage)
}

/// The scenario with what `--set` changes.
fn document(args: &Args) -> Result<Document, Failure> {
    let mut document = input::document(&args.file)?;
    Failure::or_all(args.common.set.iter().map(|set| {
        let no_value = || Failure::usage(format!("`--set {set}` has no value: write KEY=VALUE"));
        let (key, value) = set.split_once('=').ok_or_else(no_value)?;
        Ok(document.set("--set", key, value)?)
    }))?;
    Ok(document)
}

fn refused(refusals: Vec<Refusal>) -> Failure {
    let failures = refusals.into_iter().map(|refusal| match refusal {
        Refusal::Faults(faults) => (*faults).into(),
        Refusal::Wrong(wrong) => Failure::usage(wrong),
    });
    Failure::all(failures.collect()).unwrap_or_else(|| Failure::usage("the scenario is wrong"))
}

/// Refuses a study of more runs than anybody can have meant.
fn check_size(study: &Study, tools: usize, allow_large: bool) -> Result<(), Failure> {
    let points = study.shard.count(study.grid.count());
    let replicates = u128::from(study.first_replicates());
    let runs = points.saturating_mul(replicates).saturating_mul(tools as u128);
    let most = if allow_large { RUNS_MAX_LARGE } else { RUNS_MAX };
    if runs <= most {
        return Ok(());
    }
    let s = |count: u128| if count == 1 { "" } else { "s" };
    let tools = tools as u128;
    let way_out = if runs <= RUNS_MAX_LARGE {
        "vary less, or allow it with --allow-large"
    } else {
        "vary less, or do it in parts with --shard i/n"
    };
    Err(Failure::usage(format!(
        "that would be {} runs ({} point{} × {tools} tool{} × {} replicate{}), more than {}: {way_out}",
        grouped(runs),
        grouped(points),
        s(points),
        s(tools),
        grouped(replicates),
        s(replicates),
        grouped(most),
    )))
}

/// Where the results go.
fn place(args: &Args) -> Result<PathBuf, Failure> {
    let folder = args.common.out.join(input::stem(&args.file)?).join("sweep");
    Ok(match args.shard {
        Some(shard) => folder.join(format!("{}-of-{}", shard.index, shard.of)),
        None => folder,
    })
}

fn play(
    args: &Args,
    study: &Study,
    journal: &Journal,
    done: Vec<Block>,
) -> Result<Vec<Block>, Failure> {
    if !done.is_empty() && !args.common.quiet {
        let runs: u64 = done.iter().map(Block::runs).sum();
        let s = if runs == 1 { " was" } else { "s were" };
        console::say(&format!(
            "{} run{s} finished before the sweep was interrupted",
            grouped(runs)
        ));
    }
    let progress = Runs::on_terminal(args.common.quiet);
    let keep = |block: &Block| journal.append(block);
    let blocks = sweep::play(study, done, jobs(args.jobs), &progress, &keep);
    progress.finish();
    blocks.map_err(|stopped| match stopped {
        Stopped::Refused(refusal) => refused(vec![refusal]),
        Stopped::Unwritable(error) => {
            let mut failure = Failure::unwritable(journal.path(), &error);
            failure.message.push_str(
                ". What is finished is kept there: the same command goes on where this one stopped",
            );
            failure
        }
    })
}

/// What makes the results of the study: equal for all its parts, however they are printed.
fn identity(args: &Args) -> Vec<String> {
    let mut arguments = args.common.arguments_of_results();
    arguments.extend(args.watched.arguments());
    for vary in &args.vary {
        let text = Vary::parse(vary).map_or_else(|_| vary.clone(), |vary| vary.text());
        arguments.extend(["--vary".to_owned(), text]);
    }
    if let Some(replicates) = args.replicates {
        arguments.extend(["--replicates".to_owned(), replicates.to_string()]);
    }
    if let Some(Percent(_, text)) = &args.until_ci {
        arguments.extend(["--until-ci".to_owned(), text.clone()]);
    }
    arguments
}

/// manifest.json of a sweep.
#[derive(Serialize)]
struct SweepManifest<'a> {
    #[serde(flatten)]
    manifest: Manifest<'a>,
    #[serde(flatten)]
    part: &'a Part,
}

fn manifest(args: &Args, prepared: &Prepared, part: &Part) -> Vec<u8> {
    let mut arguments = identity(args);
    if let Some(shard) = args.shard {
        arguments.extend(["--shard".to_owned(), shard.to_string()]);
    }
    arguments.extend(args.common.format_argument());
    let manifest = Manifest::new("sweep", &prepared.inputs, prepared.scenario.seed, arguments);
    json(&SweepManifest { manifest, part })
}

fn printed(
    format: Format,
    scenario: &Scenario,
    outcome: &Outcome,
    table: Vec<u8>,
    summary: Vec<u8>,
) -> Vec<u8> {
    let labels: Vec<&str> = scenario.tools.iter().map(|run| run.label.as_str()).collect();
    match format {
        Format::Table => titled(scenario, &screen::text(outcome, &labels)),
        Format::Markdown => titled(scenario, &screen::markdown(outcome, &labels)),
        Format::Csv => table,
        Format::Json => summary,
    }
}

/// Says what went wrong in the runs, and what the program ends with.
fn conclude(study: &Study, blocks: &[Block]) -> Code {
    if study.until.is_some() {
        let most = MOST_REPLICATES.max(study.replicates);
        let reached = blocks.iter().filter(|block| block.first + block.count == most).count();
        if reached > 0 {
            let s = if reached == 1 { "" } else { "s" };
            console::say(&format!(
                "{} point{s} reached {} replicates, the most that --until-ci adds: see the intervals",
                grouped(reached as u64),
                grouped(most)
            ));
        }
    }
    let deadlocks = told(study, blocks, "deadlocks", |_, tool| tool.deadlock.clone());
    if deadlocks { Code::False } else { Code::Done }
}

/// Warns of loads that cannot be served.
fn warn(study: &Study, labels: &[&str], blocks: &[Block]) {
    told(study, blocks, "such loads", |place, tool| {
        let why = tool.warning.as_ref()?;
        Some(console::warning(labels[place], why))
    });
}

/// Says what there is to say of the tools at each point, the first few times. Whether there was anything.
fn told(
    study: &Study,
    blocks: &[Block],
    what: &str,
    of: impl Fn(usize, &ToolRows) -> Option<String>,
) -> bool {
    const TOLD: usize = 5;
    // Once for all replicates of a tool at a point.
    let mut texts: BTreeMap<(u64, usize), String> = BTreeMap::new();
    for block in blocks {
        for (place, tool) in block.tools.iter().enumerate() {
            if let Some(text) = of(place, tool) {
                texts.entry((block.point, place)).or_insert(text);
            }
        }
    }
    for ((point, _), text) in texts.iter().take(TOLD) {
        console::say(&format!("{}{text}", at(study, *point)));
    }
    if texts.len() > TOLD {
        console::say(&format!("and {} more {what}", grouped((texts.len() - TOLD) as u64)));
    }
    !texts.is_empty()
}

/// `at machine.cores=2: `, where anything is varied.
fn at(study: &Study, point: u64) -> String {
    let keys = study.grid.varied().iter().map(Vary::key);
    let values = keys.zip(study.grid.shown_values(point));
    let values: Vec<String> = values.map(|(key, value)| format!("{key}={value}")).collect();
    match report::one_line(&values.join(", ")) {
        values if values.is_empty() => values,
        values => format!("at {values}: "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use clap::Parser;

    #[test]
    fn a_percentage_is_above_nothing_and_up_to_all() {
        for (text, share) in [("1%", 0.01), ("2.5 %", 0.025), ("5", 0.05), ("100%", 1.0)] {
            assert!((percent(text).unwrap().0 - share).abs() < 1e-15, "{text}");
        }
        for text in ["", "0%", "-1%", "101%", "nan", "inf", "one"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn results_go_to_a_folder_below_the_scenarios() {
        let path = |shard: Option<Shard>| {
            let whole = Whole::parse_from(["x", "deep/page.toml", "--out", "o"]);
            place(&Args { shard, ..whole.args }).unwrap()
        };
        assert_eq!(path(None), Path::new("o/page/sweep"));
        assert_eq!(path(Some(Shard { index: 2, of: 8 })), Path::new("o/page/sweep/2-of-8"));
    }

    #[derive(clap::Parser)]
    struct Whole {
        #[command(flatten)]
        args: Args,
    }
}
