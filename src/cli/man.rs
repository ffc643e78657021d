//! `gilsim man`: the manual, one page for all commands.

use std::io;
use std::path::Path;

use clap_mangen::Man;

use super::console;
use super::failure::{Code, Failure};

/// Print the manual page
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

const EXAMPLES: &str = "\
Examples:
  gilsim man | man -l -
  gilsim man > ~/.local/share/man/man1/gilsim.1";

/// Runs the command.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn invoke(_args: &Args, program: clap::Command) -> Result<Code, Failure> {
    let page = page(program).map_err(|error| Failure::unwritable(Path::new("stdout"), &error))?;
    console::result(&page)?;
    Ok(Code::Done)
}

/// The program's own sections, with a section for each command between them.
fn page(mut program: clap::Command) -> io::Result<Vec<u8>> {
    program.build();
    let main = Man::new(program.clone());
    let mut page = Vec::new();
    main.render_title(&mut page)?;
    main.render_name_section(&mut page)?;
    main.render_synopsis_section(&mut page)?;
    main.render_description_section(&mut page)?;
    main.render_options_section(&mut page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        page.extend_from_slice(section(command)?.as_bytes());
    }
    main.render_extra_section(&mut page)?;
    main.render_version_section(&mut page)?;
    Ok(page)
}

/// A command's page, its sections one level down.
fn section(command: &clap::Command) -> io::Result<String> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    man.render_extra_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH ", ".SS ");
    Ok(format!(".SH \"GILSIM {}\"\n{text}", command.get_name().to_uppercase()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_manual_has_every_command_and_every_option() {
        let page = String::from_utf8(page(Cli::command()).unwrap()).unwrap();
        assert!(page.contains(".TH gilsim 1"), "{page}");
        for command in Cli::command().get_subcommands() {
            let name = command.get_name().to_uppercase();
            assert!(page.contains(&format!(".SH \"GILSIM {name}\"")), "{name}");
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                let option = option.replace('-', "\\-");
                assert!(page.contains(&format!("\\-\\-{option}\\fR")), "{name}: {option}");
            }
        }
    }
}
