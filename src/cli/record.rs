//! `gilsim record`: a program runs, is watched, and becomes a scenario.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use clap::ValueEnum;

use super::child;
use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use super::workshop::Workshop;
use crate::record::{self, FOLDER, Process, RECORDER};

/// Run a program, watch it, and write the scenario of what it did
///
/// The program runs as ever: the same output, the same exit code, signals passed on. Then DIR/recording.toml holds its tasks with
/// their waits and computations; the tool labelled `recorded` is how it ran. What was seen, and what the scenario does not show, is
/// said on standard error. Names of hosts and functions and numbers are all that is kept: no address, header, payload, argument or
/// variable is ever read. Python children are recorded where they inherit the environment.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Where the scenario goes [default: output/<name of the program>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Keep no names of hosts and functions
    #[arg(long)]
    anonymous: bool,

    /// What is done with the scenario at once: its table, or what would help most
    #[arg(long, value_enum)]
    then: Option<Then>,

    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,

    /// The program with its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    command: Vec<OsString>,
}

/// A command for the scenario.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Then {
    /// Play it: as it is, and as it could be
    Run,
    /// Say what would help most
    Whatif,
}

const EXAMPLES: &str = "\
Examples:
  gilsim record python app.py --pages 100
  gilsim record --then whatif -- python app.py
  gilsim record --out results -- python -m pytest tests
  gilsim run output/app/recording.toml --set tools.recorded.workers=32";

const SCENARIO: &str = "recording.toml";

/// Runs the command. It ends as the program does, unless that cannot be started.
///
/// # Errors
/// When the program cannot be run, or the scenario cannot be written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let (status, scenario) = {
        let mut workshop = Workshop::open()?;
        let status = watched(args, &mut workshop)?;
        let scenario = written(args, workshop.path());
        (
            status,
            scenario.unwrap_or_else(|failure| {
                console::say(&failure.to_string());
                None
            }),
        )
    };
    // A program that a signal ended has no more to say; nor has gilsim, which ends by it, too.
    if let (Some(then), Some(folder), Some(_)) = (args.then, scenario, status.code()) {
        child::listen_again();
        follow(then, &folder);
    }
    child::end_like(status)
}

/// Runs the program with the recorder on its path.
fn watched(args: &Args, workshop: &mut Workshop) -> Result<ExitStatus, Failure> {
    for (name, text) in RECORDER {
        workshop.add(name, text.as_bytes())?;
    }
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Failure::usage("no program"))?;
    let mut path = workshop.path().as_os_str().to_owned();
    if let Some(theirs) = env::var_os("PYTHONPATH").filter(|theirs| !theirs.is_empty()) {
        path.push(":");
        path.push(theirs);
    }
    let mut command = Command::new(program);
    command.args(arguments).env("PYTHONPATH", path).env(FOLDER, workshop.path());
    child::run(&mut command)
        .map_err(|error| Failure::file(format!("cannot run `{}`: {error}", program.display())))
}

/// Does with the scenario what was asked for. Its own exit code is not the program's, and is not gilsim's.
fn follow(then: Then, folder: &Path) {
    let file = folder.join(SCENARIO);
    let command = match then {
        Then::Run => "run",
        Then::Whatif => "whatif",
    };
    let words = [
        OsStr::new("gilsim"),
        OsStr::new(command),
        file.as_os_str(),
        OsStr::new("--out"),
        folder.as_os_str(),
    ];
    let only: &[&OsStr] = match then {
        Then::Run => &[],
        Then::Whatif => &[OsStr::new("--tool"), OsStr::new("recorded")],
    };
    super::invoke(words.iter().chain(only).map(|word| (*word).to_owned()));
}

/// Makes the scenario, and says what was seen. Returns its folder.
fn written(args: &Args, logs: &Path) -> Result<Option<PathBuf>, Failure> {
    let say = |line: &str| {
        if !args.quiet {
            console::say(line);
        }
    };
    let processes = processes(logs)?;
    if processes.is_empty() {
        say(&nothing_recorded(logs));
        return Ok(None);
    }
    let Some(recorded) = record::recorded(&processes, args.anonymous) else {
        say("nothing was recorded that could be played: the program neither waited nor computed");
        return Ok(None);
    };
    let out = args.out.clone().unwrap_or_else(|| Path::new("output").join(name(&args.command)));
    let mut folder = Folder::open(&out)?;
    folder.add(SCENARIO, recorded.text.as_bytes())?;
    let written = folder.finish(&[SCENARIO])?;
    recorded.told.iter().for_each(|line| say(line));
    say(&written.to_string());
    Ok(Some(out))
}

/// The logs of all processes, in the order in which they began.
fn processes(logs: &Path) -> Result<Vec<Process>, Failure> {
    let unreadable = |error| Failure::unreadable(logs, &error);
    let entries = fs::read_dir(logs).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "log"));
    // A name is the number of the process and when it began.
    files.sort_by_key(|file| {
        let stem = file.file_stem().and_then(OsStr::to_str).unwrap_or("");
        stem.rsplit('-').next().and_then(|began| began.parse::<u64>().ok())
    });
    let mut processes = Vec::new();
    for file in files {
        let log = File::open(&file).map_err(|error| Failure::unreadable(&file, &error))?;
        let names = fs::read_to_string(file.with_extension("names")).unwrap_or_default();
        if let Ok(process) = Process::read(BufReader::new(log), &names) {
            processes.push(process);
        }
    }
    Ok(processes)
}

fn nothing_recorded(logs: &Path) -> String {
    match fs::read_to_string(logs.join("fault")) {
        Ok(fault) => format!("nothing was recorded: the recorder could not begin: {}", fault.trim()),
        Err(_) => "nothing was recorded: no Python ran that takes PYTHONPATH. Options -I, -E and -S of Python, and \
                   programs that clear the environment, keep the recorder out"
            .to_owned(),
    }
}

/// What the folder of a program's scenario is called: after its script, else its module, else its first word.
fn name(command: &[OsString]) -> OsString {
    let script =
        command.iter().find(|word| Path::new(word).extension().is_some_and(|it| it == "py"));
    let module = command.iter().skip_while(|word| *word != "-m").nth(1);
    let stem = |word: &OsString| Path::new(word).file_stem().map(OsStr::to_owned);
    script
        .and_then(stem)
        .or_else(|| module.cloned())
        .or_else(|| command.first().and_then(stem))
        .unwrap_or_else(|| "program".into())
}
