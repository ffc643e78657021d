//! `gilsim figures`: draws the figures of the article.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use super::console;
use super::failure::{Code, Failure};
use super::folder::Folder;
use gilsim_render::chart;
use gilsim_studies::figures::{self, Drawn, FIGURES, Figure};

/// Draw the figures of the article on concurrency, parallelism and asynchrony
///
/// Writes DIR/NAME.svg, DIR/NAME.png and DIR/NAME.alt.txt (the figure in words) for each, and prints what each
/// shows. Works anywhere: the scenarios are built in. The same figures have the same bytes on every machine.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Only these figures [default: all]
    #[arg(value_name = "NAME", value_parser = names())]
    figures: Vec<String>,

    /// Where the figures go
    #[arg(long, value_name = "DIR", default_value = "output/figures")]
    out: PathBuf,

    /// Colours: `auto` follows the viewer's wish in the SVG, and is light in the PNG
    #[arg(long, value_enum, default_value_t = Theme::Auto)]
    theme: Theme,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  gilsim figures
  gilsim figures gil-turns convoy --out slides --theme dark";

/// Which colours figures have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Theme {
    /// Dark ink on white
    Light,
    /// Light ink on near-black
    Dark,
    /// Light, and dark where the viewer asks for it
    Auto,
}

fn names() -> PossibleValuesParser {
    FIGURES.iter().map(|figure| figure.name).collect::<Vec<_>>().into()
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn invoke(args: &Args) -> Result<Code, Failure> {
    // Opened before the work, so that a wrong place is known at once.
    let mut folder = Folder::open(&args.out)?;
    let wanted = |figure: &&Figure| {
        args.figures.is_empty() || args.figures.iter().any(|name| name == figure.name)
    };
    let wanted: Vec<&'static Figure> = FIGURES.iter().filter(wanted).collect();
    let theme = match args.theme {
        Theme::Light => chart::Theme::Light,
        Theme::Dark => chart::Theme::Dark,
        Theme::Auto => chart::Theme::Auto,
    };
    let drawn = figures::draw(&wanted, theme).unwrap_or_else(|error| panic!("{error}"));
    for Drawn { figure, svg, png, alt, .. } in &drawn {
        let contents = [svg.as_bytes(), png, alt.as_bytes()];
        for (name, bytes) in figure.files.into_iter().zip(contents) {
            folder.add(name, bytes)?;
        }
    }
    let written = folder.finish(&[])?;
    if !args.quiet {
        console::result(told(&drawn).as_bytes())?;
        let (count, path) = (written.names.len(), written.path.display());
        console::say(&format!("wrote {count} files to {path}"));
    }
    Ok(Code::Done)
}

/// Each figure with what it shows.
fn told(drawn: &[Drawn]) -> String {
    drawn.iter().fold(String::new(), |mut text, Drawn { figure, title, .. }| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}: {title}", figure.name);
        text
    })
}
