//! `gilsim schema`: what a scenario file may say, for editors.

use super::console;
use super::failure::{Code, Failure};
use gilsim_scenario::{claims_schema, schema};

/// Print the JSON Schema of scenario files
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The schema of claims files instead
    #[arg(long)]
    claims: bool,
}

const EXAMPLES: &str = "\
Examples:
  gilsim schema > gilsim.schema.json
  gilsim schema --claims > gilsim-claims.schema.json

A scenario whose first line is `#:schema ./gilsim.schema.json` is then completed and checked by editors
that know TOML.";

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    let schema = if args.claims { claims_schema() } else { schema() };
    console::result(schema.as_bytes())?;
    Ok(Code::Done)
}
