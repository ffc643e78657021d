//! The comparison as a table for Markdown pages.

use super::screen::{settings, table};
use super::words::one_line;
use super::{ToolResult, verdict};
use crate::table::{Escape, Table, escaped};
use gilsim_core::model::Scenario;

/// Title, settings, table, results `by_entry` and verdict in Markdown, as GitHub reads it.
pub fn comparison(
    scenario: &Scenario,
    results: &[ToolResult<'_>],
    by_entry: Option<&Table>,
) -> String {
    let title = match escaped(&one_line(&scenario.title)) {
        title if title.is_empty() => title,
        title => format!("**{title}**\n\n"),
    };
    let settings = escaped(&settings(scenario));
    let table = table(results).markdown(Escape::All);
    let verdict = escaped(&verdict(scenario, results));
    let entries = by_entry.map_or_else(String::new, |it| it.markdown(Escape::All) + "\n");
    format!("{title}{settings}\n\n{table}\n{entries}{verdict}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{results, scenario, tool};
    use gilsim_core::model::Tool;
    use gilsim_core::sink::sample::result;
    use gilsim_core::trace::State;

    #[test]
    fn a_table_has_a_rule_and_a_line_per_tool() {
        let mut tools = [tool(Tool::Sequential), tool(Tool::ThreadPool)];
        tools[1].label = "a|b".to_owned();
        let rows = vec![
            result("sequential", 2_000, &[(State::Queued, 990), (State::Io, 10)]),
            result("a|b", 1_000, &[(State::LockWait, 1_000)]),
        ];
        let scenario = scenario("A <b>title</b>", &tools);
        let text = comparison(&scenario, &results(&tools, rows), None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "**A \\<b\\>title\\</b\\>**");
        assert!(lines[4].starts_with("| tool | makespan |"), "{text}");
        assert!(lines[5].starts_with("| --- | ---: |"), "{text}");
        assert!(lines[7].starts_with("| a\\|b | 1 s | 2.0× |"), "{text}");
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        assert!(lines[4..8].iter().all(|line| bars(line) == bars(lines[5])), "{text}");
    }
}
