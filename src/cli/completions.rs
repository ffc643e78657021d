//! `gilsim completions`: what a shell needs to complete arguments.

use clap_complete::Shell;

use super::console;
use super::failure::{Code, Failure};

/// Print completions for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Which shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  gilsim completions bash > ~/.local/share/bash-completion/completions/gilsim
  gilsim completions fish > ~/.config/fish/completions/gilsim.fish
  gilsim completions zsh > ~/.zfunc/_gilsim";

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn invoke(args: &Args, program: &mut clap::Command) -> Result<Code, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, program, "gilsim", &mut script);
    console::result(&script)?;
    Ok(Code::Done)
}
