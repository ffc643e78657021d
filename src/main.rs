//! The `gilsim` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gilsim::cli::main(std::env::args_os())
}
