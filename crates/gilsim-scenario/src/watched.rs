//! Runs of a scenario seen by the response times of one entry.

use gilsim_core::model::Scenario;

use crate::nearest;

/// Lets the entry of that name be the one that runs are compared by; of several of that name the first.
///
/// # Errors
/// When there is none, in a sentence about the scenario, called `file`.
pub fn watch(scenario: &mut Scenario, name: &str, file: &str) -> Result<(), String> {
    let watched = scenario.entry_named(name).ok_or_else(|| no_such_entry(scenario, name, file))?;
    scenario.watched = Some(watched);
    Ok(())
}

/// That the scenario has no entry of that name, and what may have been meant.
fn no_such_entry(scenario: &Scenario, name: &str, file: &str) -> String {
    let all = scenario.tasks.iter().map(|entry| entry.name.as_str());
    let names: Vec<&str> = all.filter(|name| !name.is_empty()).collect();
    let message = format!("{file} has no [[tasks]] of the name `{name}`");
    match nearest(name, &names) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None if names.is_empty() => format!("{message}; none of its [[tasks]] has a name"),
        None => format!("{message}; it has {}", names.join(", ")),
    }
}
