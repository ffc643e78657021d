//! A sweep as a terminal and a Markdown page show it.

use std::fmt::Write as _;

use super::grouped;
use super::outcome::{Cell, KNEE_PERCENT, Line, Outcome, count};
use super::statistics::Estimate;
use super::usl::Usl;
use gilsim_core::model::Goal;
use gilsim_core::time::SimDuration;
use gilsim_render::report::one_line;
use gilsim_render::table::{Escape, Table};

/// Points that a table shows; of more, some in even distances.
const SHOWN_POINTS: usize = 40;

/// Lines of findings.
const SHOWN_LINES: usize = 20;

/// The table and the findings, for a terminal.
pub fn text(outcome: &Outcome, labels: &[&str]) -> String {
    finish(pivot(outcome, labels).screen(), outcome)
}

/// The same for a Markdown page.
pub fn markdown(outcome: &Outcome, labels: &[&str]) -> String {
    finish(pivot(outcome, labels).markdown(Escape::Bars), outcome)
}

fn finish(mut text: String, outcome: &Outcome) -> String {
    text.push('\n');
    for sentence in findings(outcome) {
        text.push_str(&sentence);
        text.push('\n');
    }
    text
}

/// A row per point, a column per tool.
fn pivot(outcome: &Outcome, tools: &[&str]) -> Table {
    let headings = outcome.keys.iter().map(String::as_str).chain(tools.iter().copied());
    let mut table = Table::with_texts(0, headings.map(one_line)).wide();
    let points: Vec<&[Cell]> =
        outcome.cells.chunk_by(|one, other| one.point == other.point).collect();
    for index in shown(points.len()) {
        table.push(row(points[index], tools, outcome.goal));
    }
    table
}

/// Which of so many points are shown: the first and the last among them.
fn shown(points: usize) -> impl Iterator<Item = usize> {
    let count = points.min(SHOWN_POINTS);
    (0..count)
        .map(move |index| if count == points { index } else { index * (points - 1) / (count - 1) })
}

fn row(cells: &[Cell], tools: &[&str], goal: Goal) -> Vec<String> {
    let values = cells[0].values.iter().map(|value| one_line(value));
    let means = tools.iter().map(|tool| {
        let cell = cells.iter().find(|cell| cell.tool == *tool);
        let estimate = cell.and_then(|cell| cell.metric(goal.column()));
        estimate.map_or_else(|| "deadlock".to_owned(), with_interval)
    });
    values.chain(means).collect()
}

/// `2.006 s ± 0.4 %`.
fn with_interval(estimate: &Estimate) -> String {
    let mean = duration(estimate.mean);
    match estimate.ci95_half_width {
        Some(half) if estimate.mean > 0.0 => {
            let permille = half / estimate.mean * 1_000.0;
            let decimals = if permille < 10.0 { 2 } else { 1 };
            format!("{mean} ± {:.decimals$} %", permille / 10.0)
        }
        _ => mean,
    }
}

/// Nanoseconds as people read them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "makespans are above zero, casts saturate"
)]
fn duration(ns: f64) -> String {
    SimDuration::from_nanos(libm::round(ns) as u64).to_string()
}

/// What the numbers say, a sentence each.
fn findings(outcome: &Outcome) -> Vec<String> {
    let mut told = Vec::new();
    let points = outcome.cells.last().map_or(0, |cell| cell.point + 1);
    if points > SHOWN_POINTS {
        told.push(format!(
            "{SHOWN_POINTS} of {} points are shown; sweep.csv has all.",
            grouped(points as u64)
        ));
    }
    let replicated = outcome.cells.iter().map(|cell| cell.replicates);
    if let (Some(fewest), Some(most)) = (replicated.clone().min(), replicated.max()) {
        let range = if fewest == most {
            grouped(most as u64)
        } else {
            format!("{} to {}", grouped(fewest as u64), grouped(most as u64))
        };
        let what = outcome.goal.words();
        if most > 1 {
            told.push(format!(
                "Mean {what} of {range} replicates ± 95 % confidence interval (Student's t)."
            ));
        }
    }
    told.extend(outcome.lines.iter().take(SHOWN_LINES).map(|line| finding(outcome, line)));
    if outcome.lines.len() > SHOWN_LINES {
        let more = outcome.lines.len() - SHOWN_LINES;
        told.push(format!("and {} more: see summary.json.", grouped(more as u64)));
    }
    if let Some(best) = outcome.best {
        let cell = &outcome.cells[best];
        let values =
            outcome.keys.iter().zip(&cell.values).map(|(key, value)| format!("{key}={value}"));
        let values: Vec<String> = values.collect();
        let at = if values.is_empty() {
            String::new()
        } else {
            format!(" at {}", one_line(&values.join(", ")))
        };
        let mean = duration(outcome.mean(best));
        let level = level(outcome, best);
        told.push(format!("Best: {}{at}, {mean}{level}.", one_line(&cell.tool)));
    }
    told
}

/// Whether the line of that cell is level from there on.
fn level(outcome: &Outcome, cell: usize) -> &'static str {
    let is_level = outcome.lines.iter().any(|line| line.is_level && line.best == cell);
    if is_level { "; level from there on" } else { "" }
}

/// What is found along one line.
fn finding(outcome: &Outcome, line: &Line) -> String {
    let axis = outcome.axis.unwrap_or_default();
    let fixed: Vec<String> =
        line.fixed.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut who = line.tool.clone();
    if !fixed.is_empty() {
        who = format!("{who}, {}", fixed.join(", "));
    }
    let key = &outcome.keys[axis];
    let value = |cell: usize| &outcome.cells[cell].values[axis];
    if line.flat {
        let same = if line.cells.len() > 1 { " whatever " } else { " at " };
        let key =
            if line.cells.len() > 1 { key.clone() } else { format!("{key}={}", value(line.best)) };
        return one_line(&format!("{who}: {}{same}{key}", duration(outcome.mean(line.best))));
    }
    let best = duration(outcome.mean(line.best));
    let mut told = match line.near {
        Some(_) if line.is_level => {
            format!("level from {key}={} on ({best}), within {KNEE_PERCENT} %", value(line.best))
        }
        Some([first, last]) if first != last => format!(
            "best at {key}={} ({best}); within {KNEE_PERCENT} % of it from {} to {}",
            value(line.best),
            value(first),
            value(last)
        ),
        _ => format!("best at {key}={} ({best})", value(line.best)),
    };
    let counts: Vec<f64> = line.cells.iter().filter_map(|cell| count(value(*cell))).collect();
    let (first, last) = counts
        .iter()
        .fold((f64::MAX, 0.0_f64), |(first, last), count| (first.min(*count), last.max(*count)));
    let law = line.usl.filter(|_| !line.is_level);
    if let Some((law, peak)) = law.and_then(|law| Some((law, law.peak_within(first..=last)?))) {
        let Usl { sigma, kappa, r_squared, .. } = law;
        let fit = r_squared.unwrap_or_default();
        let _ = write!(
            told,
            "; scalability law: σ {sigma:.4}, κ {kappa:.6}, peak at {peak:.1}, R² {fit:.3}"
        );
    }
    one_line(&format!("{who}: {told}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::outcome::sample;

    /// What is found along counts with these makespans in milliseconds.
    fn found(times: &[(u32, u64)]) -> Vec<String> {
        let mut findings = findings(&sample::outcome(times));
        findings.remove(0);
        findings
    }

    #[test]
    fn a_range_that_is_near_the_best_has_two_ends() {
        let times = [(4, 120), (5, 104), (6, 100), (7, 103), (8, 106), (16, 116)];
        assert_eq!(found(&times)[0], "a: best at k=6 (100 ms); within 5 % of it from 5 to 7");
    }

    #[test]
    fn a_curve_that_is_level_has_no_law_and_no_best_beyond_where_it_begins() {
        let time = |n: u64| if n == 15 { 498 } else { 3_000 / n.min(6) };
        let times: Vec<(u32, u64)> = (1..=30).map(|n| (n, time(n.into()))).collect();
        assert_eq!(
            found(&times),
            [
                "a: level from k=6 on (500 ms), within 5 %",
                "Best: a at k=6, 500 ms; level from there on."
            ]
        );
    }

    #[test]
    fn a_law_that_fits_is_told_where_it_peaks_inside() {
        let time = |n: u64| 100_000 / n + 2_000 + 500 * (n - 1);
        let times: Vec<(u32, u64)> = (1..=40).map(|n| (n, time(n.into()))).collect();
        let found = &found(&times)[0];
        assert!(
            found.contains("; scalability law: σ ") && found.contains("peak at 14."),
            "{found}"
        );
    }
}
