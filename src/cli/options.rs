//! Options that several commands take.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use clap::ValueEnum;

use super::failure::Failure;
use super::input;
use gilsim_core::model::Scenario;
use gilsim_render::report::one_line;
use gilsim_scenario::{Loaded, nearest};

/// What `run`, `sweep` and `whatif` take.
#[derive(clap::Args, Debug)]
pub(super) struct Common {
    /// Changes the scenario, as in `machine.cores=8` or `tools.workers=4` (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,

    /// The seed of all draws, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,

    /// Only the tool of this label (repeatable)
    #[arg(long, value_name = "LABEL")]
    pub(super) tool: Vec<String>,

    /// Where the results go: DIR/<scenario's name>/
    #[arg(long, value_name = "DIR", default_value = "output")]
    pub(super) out: PathBuf,

    /// What is printed [default: table]
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,

    /// Print nothing but errors, and results only in a format asked for
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// What `sweep` and `whatif` take beside.
#[derive(clap::Args, Debug)]
pub(super) struct Watched {
    /// Count the response times of the [[tasks]] of this name alone, and compare by their p95 (of several of that name
    /// the first)
    #[arg(long, value_name = "NAME")]
    pub(super) entry: Option<String>,
}

impl Watched {
    /// The arguments that say which entry it is.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.entry.iter().flat_map(|name| ["--entry".to_owned(), name.clone()]).collect()
    }
}

/// The title of a scenario for people, with the entry that its runs are compared by.
pub(super) fn title(scenario: &Scenario) -> String {
    let title = one_line(&scenario.title);
    match scenario.watched {
        None => title,
        Some(entry) => {
            let colon = if title.is_empty() { "" } else { ": " };
            let name = one_line(&scenario.tasks[entry].name);
            format!("{title}{colon}response times of `{name}`")
        }
    }
}

/// The stems of files, no two of them the same; else `clash` says what two files would share.
///
/// # Errors
/// When there are two such files, or one without a name.
pub(super) fn distinct_stems(
    files: &[PathBuf],
    clash: impl Fn(&Path, &Path) -> String,
) -> Result<Vec<OsString>, Failure> {
    let mut stems = Vec::new();
    for file in files {
        let stem = input::stem(file)?;
        if let Some(other) = stems.iter().position(|known| *known == stem) {
            return Err(Failure::usage(clash(&files[other], file)));
        }
        stems.push(stem);
    }
    Ok(stems)
}

/// A result with the title of its scenario above, where it has one.
pub(super) fn titled(scenario: &Scenario, text: &str) -> Vec<u8> {
    let title = match title(scenario) {
        title if title.is_empty() => title,
        title => title + "\n\n",
    };
    (title + text).into_bytes()
}

/// How many threads to play on: as many as were asked for, else one per core.
pub(super) fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from)
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    /// A table and the verdict, for people
    Table,
    /// Comma-separated values, of a run those of summary.csv
    Csv,
    /// JSON, of a run that of summary.json
    Json,
    /// The table and the verdict, for Markdown pages
    Markdown,
}

impl Common {
    /// How results are printed, if they are.
    pub(super) fn shown_as(&self) -> Option<Format> {
        self.format.or((!self.quiet).then_some(Format::Table))
    }

    /// Reads a scenario with what `--set`, `--seed` and `--tool` make of it.
    ///
    /// # Errors
    /// When it is wrong, or has no tool of a label.
    pub(super) fn load(&self, file: &Path) -> Result<Loaded, Failure> {
        let mut loaded = input::load(file, &self.set)?;
        self.apply(&mut loaded.scenario, &input::name(file))?;
        Ok(loaded)
    }

    /// Applies `--seed` and `--tool` to a scenario, called `file` in messages.
    ///
    /// # Errors
    /// When the scenario has no tool of a label.
    pub(super) fn apply(&self, scenario: &mut Scenario, file: &str) -> Result<(), Failure> {
        select(scenario, self.seed, &self.tool, file)
    }

    /// The arguments that say what the results are, in an order of their own, as the manifest has them.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = self.arguments_of_results();
        arguments.extend(self.format_argument());
        arguments
    }

    /// The arguments that make the numbers, however they are printed.
    pub(super) fn arguments_of_results(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for set in &self.set {
            arguments.extend(["--set".to_owned(), without_folders(set)]);
        }
        if let Some(seed) = self.seed {
            arguments.extend(["--seed".to_owned(), seed.to_string()]);
        }
        for tool in &self.tool {
            arguments.extend(["--tool".to_owned(), tool.clone()]);
        }
        arguments
    }

    /// `--format` as it was given.
    pub(super) fn format_argument(&self) -> Vec<String> {
        let value = self.format.and_then(|format| format.to_possible_value());
        value
            .map_or_else(Vec::new, |value| vec!["--format".to_owned(), value.get_name().to_owned()])
    }
}

/// Gives a scenario, called `file` in messages, another seed, and leaves it only the tools of these labels;
/// all where there are none.
///
/// # Errors
/// When the scenario has no tool of a label.
pub(super) fn select(
    scenario: &mut Scenario,
    seed: Option<u64>,
    tools: &[String],
    file: &str,
) -> Result<(), Failure> {
    if let Some(seed) = seed {
        scenario.seed = seed;
    }
    let unknown = |label: &&String| !scenario.tools.iter().any(|run| run.label == **label);
    if let Some(label) = tools.iter().find(unknown) {
        let labels: Vec<&str> = scenario.tools.iter().map(|run| run.label.as_str()).collect();
        return Err(Failure::usage(no_such_tool(label, &labels, file)));
    }
    if !tools.is_empty() {
        scenario.tools.retain(|run| tools.contains(&run.label));
    }
    Ok(())
}

/// That the file has no tool of that label, and what may have been meant.
pub(super) fn no_such_tool(label: &str, labels: &[&str], file: &str) -> String {
    let message = format!("{file} has no tool of label `{label}`");
    match nearest(label, labels) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => format!("{message}; it has {}", labels.join(", ")),
    }
}

/// A setting without the folders of absolute paths.
fn without_folders(set: &str) -> String {
    let Some((key, value)) = set.split_once('=') else { return set.to_owned() };
    format!("{key}={}", gilsim_studies::sweep::without_folders(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Code;
    use gilsim_core::model::Tool;
    use gilsim_render::report::sample::{scenario, tool};

    fn common() -> Common {
        Common {
            set: Vec::new(),
            seed: None,
            tool: Vec::new(),
            out: PathBuf::from("elsewhere"),
            format: None,
            quiet: false,
        }
    }

    #[test]
    fn a_seed_and_tools_asked_for_replace_the_scenarios() {
        let mut scenario =
            scenario("", &[tool(Tool::Sequential), tool(Tool::Asyncio), tool(Tool::Threading)]);
        let labels = ["threading", "sequential"].map(str::to_owned).to_vec();
        let common = Common { seed: Some(7), tool: labels, ..common() };
        common.apply(&mut scenario, "a.toml").unwrap();
        assert_eq!(scenario.seed, 7);
        let left: Vec<&str> = scenario.tools.iter().map(|run| run.label.as_str()).collect();
        assert_eq!(left, ["sequential", "threading"]);
    }

    #[test]
    fn an_unknown_label_is_told_with_the_nearest_one_or_all() {
        let tools = [tool(Tool::Sequential), tool(Tool::Asyncio)];
        let told = |label: &str| {
            let common = Common { tool: vec![label.to_owned()], ..common() };
            let failure = common.apply(&mut scenario("", &tools), "a.toml").unwrap_err();
            assert_eq!(failure.code, Code::Usage);
            failure.message
        };
        assert_eq!(
            told("asynco"),
            "error: a.toml has no tool of label `asynco`; did you mean `asyncio`?"
        );
        assert_eq!(
            told("gevent"),
            "error: a.toml has no tool of label `gevent`; it has sequential, asyncio"
        );
    }

    #[test]
    fn the_manifest_has_the_arguments_that_make_the_results() {
        let common = Common {
            set: vec![
                "machine.cores=8".to_owned(),
                "sites.shop.latency={ samples = \"/home/me/measured.csv\" }".to_owned(),
                "interpreter.profile=/home/me/mine.toml".to_owned(),
            ],
            seed: Some(7),
            tool: vec!["10 threads".to_owned()],
            format: Some(Format::Json),
            quiet: true,
            ..common()
        };
        assert_eq!(
            common.arguments(),
            [
                "--set",
                "machine.cores=8",
                "--set",
                "sites.shop.latency={ samples = \"measured.csv\" }",
                "--set",
                "interpreter.profile=mine.toml",
                "--seed",
                "7",
                "--tool",
                "10 threads",
                "--format",
                "json",
            ]
        );
    }

    #[test]
    fn quiet_prints_only_what_is_asked_for() {
        assert_eq!(common().shown_as(), Some(Format::Table));
        let quiet = Common { quiet: true, ..common() };
        assert_eq!(quiet.shown_as(), None);
        assert_eq!(Common { format: Some(Format::Csv), ..quiet }.shown_as(), Some(Format::Csv));
    }
}
