//! `gilsim claims`: claims about scheduling, tested over scenarios drawn at random.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::input;
use super::memory;
use super::options::{Format, distinct_stems, jobs};
use super::progress::Runs;
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_studies::claims::screen::{self, Shown};
use gilsim_studies::claims::{Stop, Suite, Verdict};
use gilsim_studies::{Listener, threads};

/// Test claims about scheduling over scenarios drawn at random
///
/// Draws cases, plays each under the audit, and prints one line per claim. A claim that is false is shown with the
/// smallest counter-example, which is also written to DIR/claims/<file's name>-<number>.toml, a scenario for
/// gilsim run. A claim that says `holds = false` is a false belief: it passes when there is a counter-example.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Claims files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How many cases are drawn for each claim
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    cases: u32,

    /// The seed of the cases
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// How many cases are played at once [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Where counter-examples go: DIR/claims/
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,

    /// What is printed [default: table]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Print nothing but errors, and results only in a format asked for
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  gilsim claims claims/*.toml
  gilsim claims mine.toml --cases 10000 --seed 7
  gilsim claims mine.toml --format json

A claim:
  [[claims]]
  says   = \"Threads do not speed up CPU-bound work while there is a GIL\"
  given  = { cores = \"1..=64\", tasks = \"2..=50\", work = \"1ms..=1s\" }
  scenario = '''
    machine.cores = {cores}
    interpreter.profile = \"ideal\"
    [[tasks]]
    count = {tasks}
    steps = [{ compute = \"{work}\" }]
  '''
  expect = \"threading.makespan >= sequential.makespan\"";

/// Runs the command.
///
/// # Errors
/// When a claim or its scenario is wrong, or a file cannot be read or written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let stems = distinct_stems(&args.files, |one, two| {
        format!(
            "the counter-examples of `{}` and `{}` would have the same names: test them one at a time with different --out",
            one.display(),
            two.display()
        )
    })?;
    let files = args.files.iter();
    let suites = Failure::or_all(files.map(|file| input::suite(file).map_err(Failure::from)))?;
    let folder = args.out.join("claims");
    let verdicts = check_all(args, &suites)?;
    let written = write(&folder, &stems, &suites, &verdicts)?;
    let shown: Vec<Vec<Shown<'_>>> = suites
        .iter()
        .enumerate()
        .map(|(suite, of)| {
            let claims = verdicts[suite].iter().enumerate();
            let path = |claim: usize| written.get(&(suite, claim)).map(String::as_str);
            claims.map(|(claim, verdict)| Shown::new(of, claim, verdict, path(claim))).collect()
        })
        .collect();
    let as_said = shown.iter().flatten().all(Shown::is_as_said);
    let format = args.format.or((!args.quiet).then_some(Format::Table));
    if let Some(format) = format {
        console::result(&printed(format, &suites, shown))?;
    }
    Ok(if as_said { Code::Done } else { Code::False })
}

/// What came of each claim of each file.
fn check_all(args: &Args, suites: &[Suite]) -> Result<Vec<Vec<Verdict>>, Failure> {
    let count: usize = suites.iter().map(Suite::count).sum();
    let watcher = Watcher(Runs::on_terminal(args.quiet));
    watcher.0.expect(u64::from(args.cases) * count as u64);
    let mut failures = Vec::new();
    let mut check = |suite: &Suite, claim: usize| {
        let checked = suite.check(claim, args.cases, args.seed, &watcher);
        checked.map_err(|stop| failures.push(stopped(stop, suite, claim))).ok()
    };
    let mut of_suite = |suite: &Suite| -> Vec<Verdict> {
        (0..suite.count()).filter_map(|claim| check(suite, claim)).collect()
    };
    let all = || suites.iter().map(&mut of_suite).collect();
    let verdicts = threads::on(jobs(args.jobs), all).map_err(Failure::usage)?;
    watcher.0.finish();
    Failure::all(failures).map_or(Ok(verdicts), Err)
}

fn stopped(stop: Stop, suite: &Suite, claim: usize) -> Failure {
    let which = format!("claim {} of {}", claim + 1, suite.name());
    match stop {
        Stop::Faults(faults) => faults.into(),
        Stop::Wrong(wrong) => Failure::usage(format!("{which}: {wrong}")),
        Stop::Bug(violation) => Failure {
            code: Code::Bug,
            message: format!(
                "{which}: the audit found a law of the trace broken; this is a bug in gilsim, please report it:\n  {violation}"
            ),
        },
    }
}

/// Refuses runs that do not fit into memory, and shows the progress.
struct Watcher(Runs);

impl Listener for Watcher {
    fn admit(&self, scenario: &Scenario, tool: &ToolRun) -> Result<(), String> {
        memory::check(scenario, tool, true)
    }

    fn played(&self, runs: u64) {
        self.0.played(runs);
    }
}

/// Writes the counter-examples, and takes away those of an earlier test of the same claims. Their paths.
fn write(
    path: &Path,
    stems: &[OsString],
    suites: &[Suite],
    verdicts: &[Vec<Verdict>],
) -> Result<BTreeMap<(usize, usize), String>, Failure> {
    let mut texts = Vec::new();
    let mut known = Vec::new();
    for (number, (suite, verdicts)) in suites.iter().zip(verdicts).enumerate() {
        for (claim, verdict) in verdicts.iter().enumerate() {
            let name = format!("{}-{}.toml", stems[number].display(), claim + 1);
            let text = suite.counter_example(claim, verdict, path);
            texts.extend(text.map(|text| ((number, claim), name.clone(), text)));
            known.push(name);
        }
    }
    let mut written = BTreeMap::new();
    if texts.is_empty() && !path.exists() {
        return Ok(written);
    }
    let mut folder = Folder::open(path)?;
    for (claim, name, text) in texts {
        folder.add(&name, text.as_bytes())?;
        written.insert(claim, path.join(name).display().to_string());
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    folder.finish(&known)?;
    Ok(written)
}

fn printed(format: Format, suites: &[Suite], shown: Vec<Vec<Shown<'_>>>) -> Vec<u8> {
    if format == Format::Table {
        let mut text = String::new();
        for (suite, shown) in suites.iter().zip(&shown) {
            text.extend([suite.name(), "\n"]);
            text.extend(shown.iter().map(|one| one.lines(console::colour())));
            text.push('\n');
        }
        let all: Vec<Shown<'_>> = shown.into_iter().flatten().collect();
        text.push_str(&screen::verdict(&all));
        return text.into_bytes();
    }
    let all: Vec<Shown<'_>> = shown.into_iter().flatten().collect();
    match format {
        Format::Markdown => screen::markdown(&all).into_bytes(),
        Format::Csv => screen::csv(&all),
        _ => screen::json(&all),
    }
}
