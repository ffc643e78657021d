//! The command line: arguments, files, printing, exit codes.
//!
//! One file a command. Results go to stdout, everything else to stderr; only this room prints.

mod calibrate;
mod check;
mod child;
mod claims;
mod comparison;
mod completions;
mod console;
mod failure;
mod figures;
mod folder;
mod import;
mod input;
mod interrupt;
mod journal;
mod man;
mod manifest;
mod memory;
mod merge;
mod options;
mod picture;
mod play;
mod progress;
mod python;
mod quiz;
mod record;
mod run;
mod schema;
mod subject;
mod sweep;
mod turn;
mod validate;
mod whatif;
mod workshop;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use failure::{Code, Failure};

/// How Python programs schedule: threads, processes or asyncio? With how many workers?
///
/// A scenario file says what a program waits on and what it computes. gilsim plays it through every
/// concurrency tool that Python has and shows who ran, who waited, for what, and for how long.
#[derive(Parser, Debug)]
#[command(name = "gilsim", version, after_help = EXAMPLES, after_long_help = [EXAMPLES, EXIT].join("\n\n"))]
#[command(max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gilsim run scenarios/download-100-pages.toml
  gilsim run page.toml --set machine.cores=8 --tool asyncio --tool threading
  gilsim import har front-page.har > front-page.toml
  gilsim sweep page.toml --vary tools.workers=1..64 --replicates 30
  gilsim claims claims/*.toml --cases 1000
  gilsim whatif page.toml
  gilsim record python app.py
  gilsim check *.toml";

const EXIT: &str = "\
Exit status:
  0    done
  1    a claim or a validation bound is false, or a scenario deadlocks
  2    the command line or a scenario is wrong
  3    a file cannot be read or written, or a Python cannot be run
  70   a bug in gilsim
  130  interrupted

Results go to standard output, everything else to standard error. NO_COLOR is honoured.";

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Args),
    Sweep(sweep::Args),
    Whatif(whatif::Args),
    Merge(merge::Args),
    Claims(claims::Args),
    Figures(figures::Args),
    Check(check::Args),
    Import(import::Args),
    Record(record::Args),
    Python(python::Args),
    Validate(validate::Args),
    Calibrate(calibrate::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Whether signals are for a program of the user's that it runs.
    const fn passes_signals_on(&self) -> bool {
        matches!(self, Self::Record(_))
    }

    fn invoke(&self) -> Result<Code, Failure> {
        match self {
            Self::Run(args) => run::invoke(args),
            Self::Sweep(args) => sweep::invoke(args),
            Self::Whatif(args) => whatif::invoke(args),
            Self::Merge(args) => merge::invoke(args),
            Self::Claims(args) => claims::invoke(args),
            Self::Figures(args) => figures::invoke(args),
            Self::Check(args) => check::invoke(args),
            Self::Import(args) => import::invoke(args),
            Self::Record(args) => record::invoke(args),
            Self::Python(args) => python::invoke(args),
            Self::Validate(args) => validate::invoke(args),
            Self::Calibrate(args) => calibrate::invoke(args),
            Self::Schema(args) => schema::invoke(args),
            Self::Completions(args) => completions::invoke(args, &mut Cli::command()),
            Self::Man(args) => man::invoke(args, Cli::command()),
        }
    }
}

/// Does what the arguments, the program's name first, ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    panic::set_hook(Box::new(|panic| console::say(&failure::bug(panic))));
    guarded(|| invoke(arguments)).into()
}

/// What `work` returns; a panic in it is a bug.
fn guarded(work: impl FnOnce() -> Code) -> Code {
    // What a panic leaves behind is dropped unseen: temporary files remove themselves.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(Code::Bug)
}

fn invoke(arguments: impl IntoIterator<Item = OsString>) -> Code {
    let done = match Cli::try_parse_from(arguments) {
        Ok(cli) => {
            if !cli.command.passes_signals_on() {
                interrupt::watch();
            }
            cli.command.invoke()
        }
        Err(usage) => console::usage(&usage),
    };
    done.unwrap_or_else(|failure| {
        console::say(&failure.to_string());
        failure.code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_panic_is_a_bug_with_a_code_of_its_own() {
        assert_eq!(guarded(|| panic!("on purpose")), Code::Bug);
        assert_eq!(guarded(|| Code::Done), Code::Done);
    }

    #[test]
    fn every_command_has_examples_in_its_help() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                help.contains(&format!("gilsim {}", command.get_name())),
                "{}",
                command.get_name()
            );
        }
    }
}
