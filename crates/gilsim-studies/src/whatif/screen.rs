//! What would help most, as a terminal and a Markdown page show it.

use super::play::{Effect, Numbers, ToolStudy};
use gilsim_core::model::{Goal, Scenario};
use gilsim_render::report::{one_line, time};
use gilsim_render::table::{Escape, Table};

/// Effects that a table shows.
const SHOWN: usize = 12;

/// Columns of the table.
const fn headings(goal: Goal) -> [&'static str; 5] {
    let other = match goal {
        Goal::Makespan => "p95 then",
        Goal::ResponseP95 => "makespan then",
    };
    ["what if", "10 % faster", "50 % faster", "gone, or done", other]
}

/// The tables and findings, for a terminal.
pub fn text(studies: &[ToolStudy], scenario: &Scenario) -> String {
    told(studies, scenario, Table::screen)
}

/// The same for a Markdown page.
pub fn markdown(studies: &[ToolStudy], scenario: &Scenario) -> String {
    told(studies, scenario, |table| table.markdown(Escape::Bars))
}

fn told(studies: &[ToolStudy], scenario: &Scenario, shown: impl Fn(&Table) -> String) -> String {
    let goal = scenario.goal();
    let tasks = tasks(scenario);
    let mut text = String::new();
    for study in studies {
        let Some(base) = study.baseline else { continue };
        if !text.is_empty() {
            text.push('\n');
        }
        let (makespan, p95) = (time(base.makespan_ns), time(base.response_p95_ns));
        let tool = one_line(&study.tool);
        text.extend([&*tool, ": ", &makespan, ", 95 % of ", &tasks, " within ", &p95, "\n\n"]);
        let felt: Vec<&Effect> =
            study.effects.iter().filter(|effect| is_shown(effect, base)).collect();
        let mut table = Table::with_texts(1, headings(goal)).wide();
        felt.iter().take(SHOWN).for_each(|effect| table.push(row(effect, base, goal)));
        text.push_str(&shown(&table));
        text.push('\n');
        text.push_str(&finding(&tool, &tasks, &felt, base, goal));
        if felt.len() > SHOWN {
            let more = (felt.len() - SHOWN).to_string();
            text.extend([" ", &more, " more have smaller effects; whatif.csv has all."]);
        }
        text.push('\n');
    }
    text
}

/// The tasks whose response times are told: `tasks`, or those of the entry that is watched.
fn tasks(scenario: &Scenario) -> String {
    let name = scenario.watched.map(|entry| one_line(&scenario.tasks[entry].name));
    name.map_or_else(|| "tasks".to_owned(), |name| format!("tasks `{name}`"))
}

/// Whether it changes makespan or p95 by a thousandth or more.
fn is_shown(effect: &Effect, base: Numbers) -> bool {
    effect.points.iter().any(|point| {
        let differs =
            |now: u64, was: u64| u128::from(now.abs_diff(was)) * 1_000 >= u128::from(was).max(1);
        differs(point.numbers.makespan_ns, base.makespan_ns)
            || differs(point.numbers.response_p95_ns, base.response_p95_ns)
    })
}

fn row(effect: &Effect, base: Numbers, goal: Goal) -> [String; 5] {
    let by = |goal: Goal, percent: u32| {
        effect.at(percent).map_or_else(String::new, |now| change(now.by(goal), base.by(goal)))
    };
    let what = one_line(&effect.words());
    [what, by(goal, 10), by(goal, 50), by(goal, 100), by(goal.other(), 100)]
}

/// `-9.8 %`.
fn change(now: u64, was: u64) -> String {
    let sign = if now < was { "-" } else { "+" };
    let permille = (u128::from(now.abs_diff(was)) * 1_000 + u128::from(was) / 2)
        .checked_div(u128::from(was))
        .unwrap_or_default();
    if permille == 0 {
        return "0 %".to_owned();
    }
    format!("{sign}{}.{} %", permille / 10, permille % 10)
}

/// What helps most, in a sentence.
fn finding(tool: &str, tasks: &str, felt: &[&Effect], base: Numbers, goal: Goal) -> String {
    let best = felt.first().and_then(|effect| Some((effect, effect.compared()?)));
    let Some((effect, now)) = best.filter(|(_, now)| now.by(goal) < base.by(goal)) else {
        return format!("None of these changes makes {tool} faster.");
    };
    let what = one_line(&effect.words());
    let how = if effect.points.len() > 1 { format!("{what}, twice as fast") } else { what };
    let (after, before) = (time(now.by(goal)), time(base.by(goal)));
    let then = match goal {
        Goal::Makespan => format!("It takes {after} then"),
        Goal::ResponseP95 => format!("95 % of {tasks} are done within {after} then"),
    };
    format!("What helps {tool} most: {how}. {then}, not {before}.")
}
