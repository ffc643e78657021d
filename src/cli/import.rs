//! `gilsim import`: recordings of real requests become scenarios.

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::console;
use super::failure::{Code, Failure};
use super::input;
use crate::import::{self, Arrivals, ImportError, Options, Recording};
use gilsim_scenario::limits::SCENARIO_BYTES;

/// Print a scenario made of a recording of real requests
///
/// Each host becomes a site with the latencies that were measured, each request a task that waits on it.
/// Host names and numbers are all that is kept. What was left out is said on standard error.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What recorded the requests
    #[arg(value_enum)]
    kind: Kind,

    /// The recording; - is standard input
    file: PathBuf,

    /// Tasks arrive at once, in the recorded order
    #[arg(long, conflicts_with = "keep_timing")]
    keep_order: bool,

    /// Each task arrives when its request was made
    #[arg(long)]
    keep_timing: bool,

    /// Only the N-th page load of the recording
    #[arg(long, value_name = "N")]
    page: Option<usize>,
}

/// Who recorded.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A browser: an HTTP archive (HAR)
    Har,
    /// curl: what `-w '%{json}\n'` prints
    Curl,
    /// A table with the columns host, latency and, if known, start and connections
    Csv,
}

const EXAMPLES: &str = "\
Examples:
  gilsim import har front-page.har > front-page.toml
  gilsim import har visit.har --page 2 --keep-timing > second-page.toml
  gilsim import curl timings.jsonl --keep-order > pages.toml
  gilsim import csv measured.csv > hosts.toml
  xargs -n1 curl -s -o /dev/null -w '%{json}\\n' < urls.txt | gilsim import curl - > pages.toml";

/// The largest recording that is read; those of browsers hold what was downloaded.
const MOST_BYTES: u64 = 2_000_000_000;

/// Runs the command.
///
/// # Errors
/// When the recording cannot be read, or nothing in it can be replayed.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let bytes = bytes(&args.file)?;
    let refused = |error: ImportError| Failure::usage(placed(&args.file, &error));
    let text = import::decode(&bytes).map_err(refused)?;
    let recording = match args.kind {
        Kind::Har => import::har(&text),
        Kind::Curl => import::curl(&text),
        Kind::Csv => import::csv(&text),
    };
    let recording = recording.map_err(refused)?;
    let options = Options { arrivals: args.arrivals(), page: args.page };
    let scenario = recording.scenario(&options).map_err(refused)?;
    if scenario.len() as u64 > SCENARIO_BYTES {
        return Err(Failure::usage(too_long(args, &recording, scenario.len())));
    }
    tell(&recording, args.page);
    console::result(scenario.as_bytes())?;
    Ok(Code::Done)
}

impl Args {
    fn arrivals(&self) -> Arrivals {
        match (self.keep_order, self.keep_timing) {
            (_, true) => Arrivals::Recorded,
            (true, false) => Arrivals::InOrder,
            (false, false) => Arrivals::AtOnce,
        }
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = input::read(path, MOST_BYTES + 1).and_then(|bytes| match bytes.len() as u64 {
        0..=MOST_BYTES => Ok(bytes),
        _ => Err(io::Error::other("it has more than 2 GB, the most that a recording may have")),
    });
    read.map_err(|error| Failure::unreadable(Path::new(&input::name(path)), &error))
}

/// What is wrong, behind its place as compilers give it.
fn placed(file: &Path, error: &ImportError) -> String {
    let (file, message) = (input::name(file), error.message());
    match (error.line(), error.column()) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}: {message}"),
        (Some(line), None) => format!("{file}:{line}: {message}"),
        (None, _) => format!("{file}: {message}"),
    }
}

fn too_long(args: &Args, recording: &Recording, bytes: usize) -> String {
    let file = input::name(&args.file);
    let way_out = if args.page.is_none() && recording.pages() > 1 {
        "take one page of the recording with --page, or record less"
    } else if args.arrivals() == Arrivals::AtOnce {
        "record less"
    } else {
        "let all requests arrive at once, without --keep-order and --keep-timing, or record less"
    };
    format!(
        "{file}: the scenario would have {bytes} bytes, and {SCENARIO_BYTES} are the most that gilsim reads: {way_out}"
    )
}

/// What the scenario does not show of the recording.
fn tell(recording: &Recording, page: Option<usize>) {
    if let Some(reasons) = recording.left_out() {
        console::say(&format!("left out of the recording: {reasons}"));
    }
    let pages = recording.pages();
    if page.is_none() && pages > 1 {
        console::say(&format!(
            "the recording has {pages} page loads, all taken together: --page N takes one"
        ));
    }
}
