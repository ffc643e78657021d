//! `gilsim merge`: the parts of a sharded sweep become one table.

use std::fs;
use std::path::{Path, PathBuf};

use super::console;
use super::failure::{Code, Failure};
use super::input;
use gilsim_scenario::digest;
use gilsim_studies::sweep::parts::{Given, Part, join};

/// Join the parts of a sharded sweep
///
/// Prints what the sweep without --shard would have written as sweep.csv. The manifest.json beside each part says
/// which study it belongs to and which part it is.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The sweep.csv of every part, in any order
    #[arg(required = true, value_name = "PART.csv")]
    parts: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gilsim merge output/page/sweep/*-of-8/sweep.csv > sweep.csv";

/// Runs the command.
///
/// # Errors
/// When a part cannot be read, or the parts do not fit together.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let parts = Failure::or_all(args.parts.iter().map(|path| given(path)))?;
    console::result(&join(&parts).map_err(Failure::usage)?)?;
    Ok(Code::Done)
}

fn given(path: &Path) -> Result<Given, Failure> {
    if input::is_standard(path) {
        return Err(Failure::usage(
            "a part cannot come from standard input: name its file, since the manifest.json beside it is read too",
        ));
    }
    let csv = read(path, "")?;
    let manifest = path.with_file_name("manifest.json");
    let said = read(&manifest, ": it says which part of which study the table beside it is")?;
    let name = path.display().to_string();
    let part: Part = serde_json::from_slice(&said).map_err(|_| {
        Failure::usage(format!("`{}` is not the manifest of a sweep", manifest.display()))
    })?;
    let sha256 = digest(&csv);
    if part.sweep_csv_sha256 != sha256 {
        return Err(Failure::usage(format!(
            "`{name}` is not the table that `{}` was written for, or was changed since: make this part again",
            manifest.display()
        )));
    }
    Ok(Given { name, part, csv })
}

fn read(path: &Path, why: &str) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::file(format!("cannot read `{}`: {error}{why}", path.display())))
}
