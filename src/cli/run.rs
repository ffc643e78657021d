//! `gilsim run`: plays scenarios through their tools, writes the files of each run, and prints the comparison.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::input;
use super::manifest::Manifest;
use super::memory;
use super::options::{Common, Format, distinct_stems};
use super::picture;
use super::play::{Listeners, Played, play};
use super::progress::Progress;
use super::quiz;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::open::{OpenReport, Queues};
use gilsim_core::run::compare;
use gilsim_core::sink::row::SummaryRow;
use gilsim_render::formats::csv::TraceCsv;
use gilsim_render::formats::entries::{self, EntryRow};
use gilsim_render::formats::perfetto::PerfettoTrace;
use gilsim_render::formats::{queues, summary};
use gilsim_render::quiz::Waits;
use gilsim_render::report::{self, Ending, ToolResult};
use gilsim_scenario::{Input, Loaded};

/// Play scenarios through their tools and compare them
///
/// Prints the comparison and writes DIR/<scenario's name>/: trace.csv (every interval of every task and
/// thread), summary.csv, summary.json, gantt.svg, gantt.png and manifest.json; entries.csv of several entries; queues.csv of an open system; gantt.html
/// and trace.perfetto.json where they are asked for. Files appear whole or not at all.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// Scenario files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    common: Common,

    /// Write no trace.csv
    #[arg(long)]
    no_trace: bool,

    /// Draw no chart
    #[arg(long)]
    no_chart: bool,

    /// Write gantt.html too: the picture as a page to zoom, pan and ask
    #[arg(long)]
    html: bool,

    /// Write trace.perfetto.json too, for the viewers of Perfetto (ui.perfetto.dev) and Chrome
    #[arg(long)]
    perfetto: bool,

    /// Check the laws of every trace after its run
    #[arg(long)]
    audit: bool,

    /// Ask what will happen instead of telling it: the set-up in plain words and questions; write no files
    #[arg(long)]
    quiz: bool,

    /// With --quiz: show the answers with their reasons, the schedule and the comparison, and write the files, too
    #[arg(long, requires = "quiz")]
    reveal: bool,
}

impl Args {
    /// Whether the reader is to predict what the tools do: nothing that tells it is made.
    const fn only_asks(&self) -> bool {
        self.quiz && !self.reveal
    }

    /// # Errors
    /// When they ask for what a quiz does not give.
    fn check(&self) -> Result<(), Failure> {
        let file = [("--html", self.html), ("--perfetto", self.perfetto)];
        let file = file.iter().find(|(_, asked)| *asked && self.only_asks());
        if let Some((option, _)) = file {
            return Err(Failure::usage(format!(
                "{option} asks for a file, and --quiz writes none before --reveal"
            )));
        }
        if self.quiz && self.common.format == Some(Format::Csv) {
            return Err(quiz::not_as_csv());
        }
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  gilsim run scenarios/download-100-pages.toml
  gilsim run page.toml --set machine.cores=8 --set sites.shop.latency=2s
  gilsim run page.toml --tool asyncio --tool \"10 threads\" --seed 7
  gilsim run a.toml b.toml --out results --no-trace --no-chart
  gilsim run page.toml --html --perfetto
  gilsim run page.toml --quiz
  gilsim run page.toml --quiz --reveal
  gilsim run page.toml --format csv | column -s, -t
  gilsim import har front-page.har | gilsim run -";

/// Every file that a run may write. What it does not write this time does not stay from an earlier run.
const FILES: [&str; 10] = [
    TRACE,
    PERFETTO,
    "summary.csv",
    "summary.json",
    "entries.csv",
    "queues.csv",
    "gantt.svg",
    "gantt.png",
    "gantt.html",
    "manifest.json",
];
const TRACE: &str = "trace.csv";
const PERFETTO: &str = "trace.perfetto.json";

/// A scenario to play.
struct Study {
    scenario: Scenario,
    inputs: Vec<Input>,
    folder: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When a scenario is wrong or a file cannot be read or written; nothing is simulated unless all
/// scenarios can be.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    args.check()?;
    let studies = studies(args)?;
    let mut worst = Code::Done;
    for (index, study) in studies.iter().enumerate() {
        let shown_as = args.common.shown_as();
        if index > 0 && matches!(shown_as, Some(Format::Table | Format::Markdown)) {
            console::result(b"\n")?;
        }
        let code = if args.only_asks() { ask(study, args)? } else { run(study, args)? };
        worst = worst.max(code);
    }
    Ok(worst)
}

/// All scenarios with where their results go, or everything that is wrong with any of them.
fn studies(args: &Args) -> Result<Vec<Study>, Failure> {
    let out = &args.common.out;
    let stems = distinct_stems(&args.files, |one, two| {
        let folder = input::stem(two).map_or_else(|_| out.clone(), |stem| out.join(stem));
        format!(
            "`{}` and `{}` would both write to `{}`: run them one at a time with different --out",
            one.display(),
            two.display(),
            folder.display()
        )
    })?;
    let files = args.files.iter().zip(stems);
    Failure::or_all(files.map(|(file, stem)| study(file, out.join(stem), args)))
}

fn study(file: &Path, folder: PathBuf, args: &Args) -> Result<Study, Failure> {
    let Loaded { scenario, inputs } = args.common.load(file)?;
    for run in &scenario.tools {
        memory::check(&scenario, run, args.audit).map_err(Failure::usage)?;
    }
    Ok(Study { scenario, inputs, folder })
}

/// Plays one scenario, writes its files and prints its results.
fn run(study: &Study, args: &Args) -> Result<Code, Failure> {
    // Opened before the work, so that a wrong place is known at once.
    let mut folder = Folder::open(&study.folder)?;
    let mut streams = Streams::begin(&mut folder, args)?;
    let played = play_all(study, args, &mut streams)?;
    streams.finish(&folder)?;
    let violations = told_violations(&study.scenario, &played);
    let results = results(&study.scenario, &played);
    let rows: Vec<SummaryRow> = results.iter().filter_map(ToolResult::row).cloned().collect();
    let open = played.iter().filter_map(|one| one.run.open.as_ref());
    let reports: Vec<&OpenReport> = open.map(|(_, report)| report).collect();

    let entries = entries_of(&study.scenario, &played);
    let mut files = vec![
        ("summary.csv", summary::csv(&rows)),
        ("summary.json", summary::json(&rows, &entries, &reports)),
    ];
    if study.scenario.tasks.len() > 1 {
        files.push(("entries.csv", entries::csv(&entries)));
    }
    if study.scenario.horizon.is_some() {
        let mut runs: Vec<(&str, &Queues)> = Vec::new();
        for (tool, played) in study.scenario.tools.iter().zip(&played) {
            let queues = played.run.open.as_ref().map(|(queues, _)| queues);
            runs.extend(queues.map(|queues| (tool.label.as_str(), queues)));
        }
        files.push(("queues.csv", queues::csv(&runs)));
    }
    for (name, text) in files {
        folder.add(name, &text)?;
    }
    if !args.no_chart {
        let finding = report::headline(&study.scenario, &results);
        picture::add(&mut folder, &study.scenario, &played, &finding)?;
    }
    if args.html {
        let verdict = report::verdict(&study.scenario, &results);
        picture::add_page(&mut folder, &study.scenario, &played, &verdict)?;
    }
    folder.add("manifest.json", &manifest(study, args))?;
    let written = folder.finish(&FILES)?;

    if let Some(format) = args.common.shown_as() {
        if args.reveal {
            let answers = quiz::printed(
                format,
                &study.scenario,
                &results,
                &warnings(&played),
                &played,
                true,
            )?;
            console::result(answers.as_bytes())?;
        }
        // A program gets one document: the answers.
        if !args.reveal || format != Format::Json {
            console::result(&printed(
                format,
                &study.scenario,
                &results,
                &rows,
                (&entries, &reports),
            ))?;
        }
    }
    if !args.common.quiet {
        console::say(&written.to_string());
        let doubts = gilsim_scenario::warnings(&study.scenario);
        if let (Some(file), false) = (study.inputs.first(), doubts.is_empty()) {
            console::say(&console::warning(&file.name, &doubts.join("; ")));
        }
        warn(&study.scenario, &played);
    }
    Ok(conclude(&results, violations.as_deref()))
}

/// Plays one scenario and prints what the reader is to predict, and nothing else.
fn ask(study: &Study, args: &Args) -> Result<Code, Failure> {
    let scenario = &study.scenario;
    let played = play_all(study, args, &mut Streams::default())?;
    let violations = told_violations(scenario, &played);
    let results = results(scenario, &played);
    if let Some(format) = args.common.shown_as() {
        let questions =
            quiz::printed(format, scenario, &results, &warnings(&played), &played, false)?;
        console::result(questions.as_bytes())?;
    }
    // That a tool deadlocks is for the reader to find out.
    Ok(conclude(&[], violations.as_deref()))
}

/// Why the tools do not serve the load of an open system, those of them that do not.
fn warnings(played: &[Played]) -> Vec<Option<String>> {
    let unserved = |one: &Played| one.run.warning().filter(|_| one.run.is_unserved());
    played.iter().map(unserved).collect()
}

/// The files that are written while the tools are played.
#[derive(Default)]
struct Streams {
    trace: Option<TraceCsv<File>>,
    perfetto: Option<PerfettoTrace<File>>,
}

impl Streams {
    fn begin(folder: &mut Folder, args: &Args) -> Result<Self, Failure> {
        let trace = (!args.no_trace).then(|| folder.begin(TRACE)).transpose()?;
        let perfetto = args.perfetto.then(|| folder.begin(PERFETTO)).transpose()?;
        Ok(Self { trace: trace.map(TraceCsv::new), perfetto: perfetto.map(PerfettoTrace::new) })
    }

    fn finish(self, folder: &Folder) -> Result<(), Failure> {
        let unwritable = |name| move |error| folder.unwritable(name, &error);
        self.trace.map(TraceCsv::finish).transpose().map_err(unwritable(TRACE))?;
        self.perfetto.map(PerfettoTrace::finish).transpose().map_err(unwritable(PERFETTO))?;
        Ok(())
    }
}

/// Says whose response times say nothing in an open system.
fn warn(scenario: &Scenario, played: &[Played]) {
    for (tool, played) in scenario.tools.iter().zip(played) {
        if let Some(warning) = played.run.warning() {
            console::say(&console::warning(&tool.label, &warning));
        }
    }
}

/// Plays all tools in turn and sets them against each other.
fn play_all(study: &Study, args: &Args, streams: &mut Streams) -> Result<Vec<Played>, Failure> {
    let scenario = &study.scenario;
    let tasks = scenario.task_count().saturating_mul(scenario.tools.len() as u64);
    let mut progress = if args.common.quiet { None } else { Progress::on_terminal(tasks) };
    let mut played = Vec::new();
    for run in &scenario.tools {
        let listeners = Listeners {
            trace: streams.trace.as_mut(),
            perfetto: streams.perfetto.as_mut(),
            progress: progress.as_mut(),
            audit: args.audit,
            chart: args.reveal || !(args.no_chart || args.quiz),
            page: args.html.then_some(scenario.tools.len()),
            waits: if args.quiz { Waits::of(scenario) } else { None },
        };
        played.push(play(scenario, run, listeners)?);
    }
    if let Some(progress) = progress {
        progress.finish();
    }
    compare(scenario, played.iter_mut().map(|one| &mut one.run));
    Ok(played)
}

/// What the tools made of the scenario.
fn results<'s>(scenario: &'s Scenario, played: &[Played]) -> Vec<ToolResult<'s>> {
    let runs = scenario.tools.iter().zip(played);
    let result = |(tool, played): (&'s ToolRun, &Played)| ToolResult {
        run: tool,
        ending: match &played.run.outcome {
            Ok(row) => Ending::Finished(Box::new(row.clone())),
            Err(stuck) => Ending::Deadlocked(stuck.clone()),
        },
        entries: played.run.entries.clone(),
        unserved: played.run.is_unserved(),
    };
    runs.map(result).collect()
}

fn manifest(study: &Study, args: &Args) -> Vec<u8> {
    let mut arguments = args.common.arguments();
    let flags = [
        ("--no-trace", args.no_trace),
        ("--no-chart", args.no_chart),
        ("--html", args.html),
        ("--perfetto", args.perfetto),
        ("--audit", args.audit),
        ("--quiz", args.quiz),
        ("--reveal", args.reveal),
    ];
    arguments.extend(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned()));
    Manifest::new("run", &study.inputs, study.scenario.seed, arguments).text()
}

fn printed(
    format: Format,
    scenario: &Scenario,
    results: &[ToolResult<'_>],
    rows: &[SummaryRow],
    (entries, reports): (&[Vec<EntryRow<'_>>], &[&OpenReport]),
) -> Vec<u8> {
    let by_entry = entries::table(entries);
    match format {
        Format::Table => {
            let colour = console::colour();
            report::screen::comparison(scenario, results, by_entry.as_ref(), colour).into_bytes()
        }
        Format::Csv => summary::csv(rows),
        Format::Json => summary::json(rows, entries, reports),
        Format::Markdown => {
            report::markdown::comparison(scenario, results, by_entry.as_ref()).into_bytes()
        }
    }
}

/// The response times of each entry under each tool that finished, where there are several entries.
fn entries_of<'a>(scenario: &'a Scenario, played: &[Played]) -> Vec<Vec<EntryRow<'a>>> {
    let finished = scenario.tools.iter().zip(played).filter(|(_, one)| one.run.outcome.is_ok());
    let rows = finished.map(|(run, one)| {
        let names = scenario.tasks.iter().map(|entry| entry.name.as_str());
        EntryRow::of_tool(&run.label, names, &one.run.entries)
    });
    rows.collect()
}

/// What the audit found, as one text.
fn told_violations(scenario: &Scenario, played: &[Played]) -> Option<String> {
    let lines: Vec<String> = scenario
        .tools
        .iter()
        .zip(played)
        .flat_map(|(run, played)| {
            played.violations.iter().map(|violation| format!("  `{}`: {violation}", run.label))
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Says what went wrong in the runs, and what the program ends with.
fn conclude(results: &[ToolResult<'_>], violations: Option<&str>) -> Code {
    let mut code = Code::Done;
    for result in results {
        if let Ending::Deadlocked(stuck) = &result.ending {
            console::say(&report::deadlock(&result.run.label, stuck));
            code = Code::False;
        }
    }
    if let Some(violations) = violations {
        console::say(&format!(
            "the audit found laws of the trace broken; this is a bug in gilsim, please report it:\n{violations}"
        ));
        code = Code::Bug;
    }
    code
}
