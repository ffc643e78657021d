//! `gilsim run --quiz`: what the tools did, as questions and, with `--reveal`, as answers and a schedule.

use super::failure::Failure;
use super::options::Format;
use super::picture;
use super::play::Played;
use gilsim_core::model::Scenario;
use gilsim_render::chart;
use gilsim_render::quiz::{self, Quiz, Waits};
use gilsim_render::report::ToolResult;

/// The questions, or with the answers and the schedule.
///
/// # Errors
/// When they are asked for in a format that holds no text.
pub(super) fn printed(
    format: Format,
    scenario: &Scenario,
    results: &[ToolResult<'_>],
    warnings: &[Option<String>],
    played: &[Played],
    is_revealed: bool,
) -> Result<String, Failure> {
    let waits: Vec<Option<&Waits>> = played.iter().map(|one| one.waits.as_ref()).collect();
    let quiz = Quiz::of(scenario, results, warnings, &waits);
    let schedule =
        is_revealed.then(|| picture::with_panels(scenario, played, |panels| chart::text(&panels)));
    let schedule = schedule.as_deref();
    match format {
        Format::Table => Ok(quiz::screen(&quiz, schedule)),
        Format::Markdown => Ok(quiz::markdown(&quiz, schedule)),
        Format::Json => Ok(quiz::json(&quiz, schedule)),
        Format::Csv => Err(not_as_csv()),
    }
}

/// What to say of `--quiz --format csv`.
pub(super) fn not_as_csv() -> Failure {
    Failure::usage("a quiz is no table: `--quiz` takes `--format table`, `json` or `markdown`")
}
