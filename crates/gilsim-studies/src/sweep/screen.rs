//! A sweep as a terminal and a Markdown page show it.

use super::grouped;
use super::outcome::{Cell, KNEE_PERCENT, Line, Outcome};
use super::statistics::Estimate;
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
        told.push(format!("Best: {}{at}, {}.", one_line(&cell.tool), duration(outcome.mean(best))));
    }
    told
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
    let mut parts =
        vec![format!("best at {key}={} ({})", value(line.best), duration(outcome.mean(line.best)))];
    if let Some(knee) = line.knee.filter(|knee| *knee != line.best) {
        parts.push(format!("within {KNEE_PERCENT} % of it from {} on (knee)", value(knee)));
    }
    if let Some(usl) = &line.usl {
        let fit = usl.r_squared.map_or_else(String::new, |r| format!(", R² {r:.3}"));
        let peak = usl.peak.map_or_else(
            || ", no peak".to_owned(),
            |peak| {
                let last = line
                    .cells
                    .iter()
                    .filter_map(|cell| value(*cell).parse::<f64>().ok())
                    .fold(0.0, f64::max);
                if peak > last {
                    format!(", peak beyond {last}")
                } else {
                    format!(", peak at {peak:.1}")
                }
            },
        );
        parts.push(format!("scalability law: σ {:.4}, κ {:.6}{peak}{fit}", usl.sigma, usl.kappa));
    }
    one_line(&format!("{who}: {}", parts.join("; ")))
}
