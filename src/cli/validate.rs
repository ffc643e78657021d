//! `gilsim validate`: what is predicted beside what a real Python does.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::calibrate::MUCH;
use super::comparison;
use super::console;
use super::failure::{Code, Failure};
use super::input;
use super::interrupt;
use super::options::{Format, select};
use super::progress::Spinner;
use super::subject::{self, Candidate, Subject};
use super::workshop::Workshop;
use crate::python::interpreter::{Interpreter, RunError};
use crate::python::neighbours::Ticks;
use crate::python::validate::report as tables;
use crate::python::validate::{
    Times, Validation, ValidationError, compared, fitted, forecast, lanes, repetitions,
};
use gilsim_core::model::{Scenario, ToolRun};
use gilsim_core::profile::Profile;
use gilsim_core::run::with_settled_clients;
use gilsim_core::workload::{Workload, settled};
use gilsim_render::program;
use gilsim_render::report;

/// Run scenarios on a real Python and set predicted beside measured
///
/// Measures what each Python costs on this machine (or takes --profile), runs the programs of `gilsim python`,
/// simulates the same scenarios with the work that was really done, and compares makespan, median response
/// time (p50) and 95th percentile (p95). A first repetition warms up and does not count. Tools run
/// on as many cores as the machine has at most. Programs note what each step does and when, and what that costs is
/// predicted with the rest. Where steps take less than 50 us on average, they note nothing: there are no lanes then, and, of
/// tasks as short, no response times. Writes validation.csv, a chart of the same tasks' lanes, measured
/// above predicted, for each scenario, Python and number of cores, and a scatter of all predictions against what was measured. Ctrl-C
/// ends the measurements; what was measured by then is printed and written.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Scenario files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// A Python to run on (repeatable); without it, all that are found: python3, python3.8 to python3.15t
    #[arg(long, value_name = "EXE")]
    python: Vec<PathBuf>,

    /// How often each program does the scenario
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeats: u32,

    /// End with exit status 1 where a prediction misses by more than so many percent, unless it misses by no more
    /// than half the spread of what was measured
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    tolerance: Option<f64>,

    /// Take this profile, the name of one or what `gilsim calibrate` printed (- is standard input), and measure no costs
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// Only the tool of this label (repeatable)
    #[arg(long, value_name = "LABEL")]
    tool: Vec<String>,

    /// Changes the scenarios, as in `tools.workers=4` (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// The seed of all draws, instead of the scenarios'
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,

    /// Where the results go: DIR/validation/
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,

    /// Draw no charts
    #[arg(long)]
    no_chart: bool,

    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  gilsim validate scenarios/download-100-pages.toml --tool asyncio
  gilsim validate page.toml --python python3.12 --python python3.13 --format csv > misses.csv
  gilsim calibrate > mine.toml && gilsim validate *.toml --profile mine.toml --tolerance 5";

/// How much longer than predicted a program may take, and what it may take besides.
const PATIENCE: (u32, Duration) = (5, Duration::from_secs(120));

/// The most time that a program is given: longer than anybody waits.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// A scenario to validate.
struct Study {
    name: String,
    scenario: Scenario,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    let number = number.ok().filter(|percent| (0.0..=1e6).contains(percent));
    number.ok_or_else(|| "a number of percent is expected, as in 5".to_owned())
}

/// Runs the command. What was measured is printed even where a Python or a tool failed, or an interrupt came.
///
/// # Errors
/// When a scenario or the profile is wrong; failures of a Python or a tool are printed and decide the exit code.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let studies = studies(args)?;
    let given = args.profile.as_deref().map(subject::given_profile).transpose()?;
    interrupt::let_the_command_end();
    let mut tally = Tally { done: Vec::new(), worst: Code::Done };
    let mut subjects = Vec::new();
    for candidate in candidates(args, given.as_ref()) {
        if interrupt::is_asked_for() {
            break;
        }
        let subject = candidate.and_then(|candidate| candidate.costed(given.as_ref()));
        subjects.extend(tally.tell(subject));
    }
    for study in &studies {
        for run in &study.scenario.tools {
            for subject in &subjects {
                if !interrupt::is_asked_for() {
                    validated(study, run, subject, args.repeats, &mut tally);
                }
            }
        }
    }
    let Tally { done, mut worst } = tally;
    let tolerance = args.tolerance.map(|percent| percent / 100.0);
    console::result(&printed(args.format, &done, tolerance))?;
    if !done.is_empty() {
        comparison::write(&args.out.join("validation"), &done, !args.no_chart)?;
    }
    let is_missed =
        |limit| done.iter().flat_map(|one| &one.comparisons).any(|c| !c.is_within(limit));
    if worst == Code::Done && tolerance.is_some_and(is_missed) {
        worst = Code::False;
    }
    if interrupt::is_asked_for() {
        worst = Code::Interrupted;
    }
    Ok(worst)
}

/// The Pythons that the user names, or those that are found.
fn candidates(args: &Args, given: Option<&Arc<Profile>>) -> Vec<Result<Candidate, Failure>> {
    if args.python.is_empty() {
        return match subject::found(given) {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(failure) => vec![Err(failure)],
        };
    }
    args.python.iter().map(|python| subject::named(python)).collect()
}

/// What came of it so far.
struct Tally {
    done: Vec<Validation>,
    /// The highest code of all failures.
    worst: Code,
}

impl Tally {
    /// The value, or nothing once the failure is printed and counted.
    fn tell<T>(&mut self, value: Result<T, Failure>) -> Option<T> {
        value
            .map_err(|failure| {
                // What was stopped by an interrupt did not fail.
                if interrupt::is_asked_for() {
                    return;
                }
                console::say(&failure.to_string());
                self.worst = self.worst.max(failure.code);
            })
            .ok()
    }
}

/// All scenarios, or everything that is wrong with any of them.
fn studies(args: &Args) -> Result<Vec<Study>, Failure> {
    Failure::or_all(args.files.iter().map(|file| {
        let name = input::name(file);
        let mut scenario = input::load(file, &args.set)?.scenario;
        select(&mut scenario, args.seed, &args.tool, &name)?;
        let told = |error| Failure::usage(format!("{name}: {error}"));
        // All tools do the same work: as much as clients send before a horizon under the first.
        let counted = with_settled_clients(&scenario, &scenario.tools[0], 0).map_err(told)?;
        let scenario = settled(&counted, 0).map_err(told)?;
        Ok(Study { name, scenario })
    }))
}

/// Predicts and measures one tool of a scenario on one Python. Where its program fails midway, the failure is
/// printed, and so is what it had measured by then.
fn validated(study: &Study, run: &ToolRun, subject: &Subject, repeats: u32, tally: &mut Tally) {
    let Subject { interpreter, identity, profile } = subject;
    let told = |error| unvalidated(study, run, interpreter, &error);
    let predicted = fitted(run, profile, identity).and_then(|run| {
        if let Some(why) = program::refusal(&study.scenario, &run) {
            return Err(ValidationError::Unfit(why));
        }
        let expected = forecast(&study.scenario, &run)?;
        Ok((run, expected))
    });
    let Some((run, expected)) = tally.tell(predicted.map_err(told)) else { return };
    // One more than asked for: the first use of a module or a pool costs more than the next.
    let measured = measured(study, &run, interpreter, repeats + 1, &expected);
    let Some(Measured { json, trace, failure }) = tally.tell(measured) else { return };
    let is_whole = failure.is_none();
    tally.tell(failure.map_or(Ok(()), Err));
    match validation(study, &run, subject, &json, &trace) {
        Ok(validation) => tally.done.push(validation),
        Err(error) if is_whole => {
            tally.tell(Err::<(), _>(told(error)));
        }
        // The failure of a program that had measured nothing is printed already.
        Err(_) => {}
    }
}

/// Sets what a program wrote beside what is predicted for it.
fn validation(
    study: &Study,
    run: &ToolRun,
    subject: &Subject,
    json: &str,
    trace: &str,
) -> Result<Validation, ValidationError> {
    let scenario = &study.scenario;
    let tasks = scenario.tasks.iter().map(|entry| entry.count as usize).sum();
    let repetitions = repetitions(json, trace, tasks)?;
    let counted = repetitions.get(1..).unwrap_or_default();
    let has_lanes = counted.iter().any(|one| !one.intervals.is_empty());
    let t = if subject.identity.locked { "" } else { "t" };
    Ok(Validation {
        comparisons: compared(scenario, run, counted)?,
        lanes: has_lanes.then(|| lanes(scenario, run, counted)).transpose()?,
        scenario: study.name.clone(),
        interpreter: subject.interpreter.name(),
        python: format!("{}{t}", subject.identity.version),
        cores: run.setting.machine.cores,
        tool: run.label.clone(),
        repeats: counted.len(),
    })
}

/// What came of a run of a program.
struct Measured {
    json: String,
    trace: String,
    /// What went wrong, where something did.
    failure: Option<Failure>,
}

/// Runs the program of a tool.
fn measured(
    study: &Study,
    run: &ToolRun,
    interpreter: &Interpreter,
    repeats: u32,
    expected: &Times,
) -> Result<Measured, Failure> {
    let told = |error| unvalidated(study, run, interpreter, &error);
    let expected = Duration::from_nanos(expected.makespan.as_nanos()).saturating_mul(repeats);
    let (label, python) = (&run.label, interpreter.name());
    let about = format!("{}: {label} on {python} for about {expected:.0?}", study.name);
    let spinner = Spinner::on_terminal(&about);
    let mut workshop = Workshop::open()?;
    let too_large = |error| told(ValidationError::TooLarge(error));
    let program = program::program_of(&study.scenario, run).map_err(too_large)?;
    let program = workshop.add("program.py", program.as_bytes())?;
    let trace = workshop.path().join("trace.csv");
    let mut arguments = vec!["--json".into(), "--repeats".into(), repeats.to_string().into()];
    let workload = Workload::sample(&study.scenario, &run.setting, 0).map_err(too_large)?;
    let is_traced = !program::are_steps_tiny(&workload);
    if is_traced {
        arguments.extend(["--trace".into(), trace.clone().into()]);
    }
    let limit = PATIENCE.1.saturating_add(expected.saturating_mul(PATIENCE.0)).min(LONGEST);
    let before = Ticks::now();
    let ended = interpreter.run_file(&program, &arguments, limit);
    drop(spinner);
    let others = Ticks::now().zip(before).and_then(|(now, before)| now.others_since(before));
    if let Some(others) = others.filter(|others| *others > MUCH) {
        console::say(&format!(
            "warning: {}, tool `{label}`: other programs took {:.0} % of the cores while it was measured: \
             measure again when the machine is quiet",
            study.name,
            100.0 * others
        ));
    }
    let trace = if is_traced { fs::read_to_string(&trace) } else { Ok(String::new()) };
    match ended {
        Ok(json) => {
            let trace = trace
                .map_err(|error| told(ValidationError::Output(format!("its trace: {error}"))))?;
            Ok(Measured { json, trace, failure: None })
        }
        Err(RunError { message, printed }) => {
            let failure = Failure::file(format!("{}, tool `{label}`: {message}", study.name));
            let failure = Some(failure);
            Ok(Measured { json: printed, trace: trace.unwrap_or_default(), failure })
        }
    }
}

/// Why one tool of a scenario could not be validated.
fn unvalidated(
    study: &Study,
    run: &ToolRun,
    interpreter: &Interpreter,
    error: &ValidationError,
) -> Failure {
    let place = format!("{}, tool `{}` on `{}`", study.name, run.label, interpreter.name());
    let (code, message) = match error {
        ValidationError::Unfit(_) | ValidationError::Output(_) => (Code::File, error.to_string()),
        ValidationError::TooLarge(_) => (Code::Usage, error.to_string()),
        ValidationError::Deadlock(stuck) => {
            (Code::False, format!("{error}\n{}", report::deadlock(&run.label, stuck)))
        }
    };
    Failure { code, message: format!("error: {place}: {message}") }
}

fn printed(format: Format, done: &[Validation], tolerance: Option<f64>) -> Vec<u8> {
    match format {
        Format::Table => tables::table(done, tolerance).into_bytes(),
        Format::Markdown => tables::markdown(done, tolerance).into_bytes(),
        Format::Csv => tables::csv(done),
        Format::Json => tables::json(done),
    }
}
