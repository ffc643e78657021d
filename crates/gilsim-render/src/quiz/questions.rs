//! The questions, each with its right answers and the reason for them: from the rows of the summary, and who waits from
//! those of the trace.

use super::choice::{self, OPTIONS};
use super::{Question, Waits, may_deadlock};
use crate::report::{
    self, Ending, NEAR_PERCENT, NOTICED, ToolResult, counted, noticed, one_line, percent, place,
    time, verdict,
};
use gilsim_core::model::{Goal, Scenario, ToolRun};
use gilsim_core::sink::row::SummaryRow;
use gilsim_core::trace::State;
use gilsim_core::workload::bits;

/// How many tools are asked about one by one.
const ASKED: usize = 3;

const NEVER: &str = "for ever: it never finishes";
const NOWHERE_FOR_GOOD: &str = "cannot be said: it never finishes";
const NEVER_DONE: &str = "it never finishes: some tasks wait for ever";

/// What makes plausible wrong states, the most instructive first.
const TEMPTING: [State; 9] = [
    State::LockWait,
    State::Ready,
    State::Running,
    State::Io,
    State::Suspended,
    State::Queued,
    State::Overhead,
    State::Sync,
    State::Native,
];

pub(super) fn all(
    scenario: &Scenario,
    results: &[ToolResult<'_>],
    warnings: &[Option<String>],
    waits: &[Option<&Waits>],
) -> Vec<Question> {
    let group =
        Group { scenario, results, goal: scenario.goal(), may_deadlock: may_deadlock(scenario) };
    let mut questions = Vec::new();
    if results.len() > 1 {
        questions.push(group.first());
        questions.push(group.waits());
    }
    for index in asked(results.len()) {
        questions.push(group.how_long(index));
        questions.push(group.whereabouts(index));
        let waits = waits.get(index).copied().flatten();
        questions.extend(waits.map(|waits| group.who(index, waits)));
    }
    if group.may_deadlock && results.len() > 1 {
        questions.push(group.stuck());
    }
    if scenario.horizon.is_some() {
        questions.push(group.keep_up(warnings));
    }
    questions
}

/// The tools that are asked about one by one, whatever they did: the first, the middle one and the last.
fn asked(tools: usize) -> Vec<usize> {
    if tools <= ASKED { (0..tools).collect() } else { vec![0, tools / 2, tools - 1] }
}

/// The results of all tools.
struct Group<'a> {
    scenario: &'a Scenario,
    results: &'a [ToolResult<'a>],
    /// What the verdict compares by.
    goal: Goal,
    may_deadlock: bool,
}

impl Group<'_> {
    fn finished(&self) -> impl Iterator<Item = (usize, &SummaryRow)> {
        let rows = self.results.iter().map(ToolResult::row).enumerate();
        rows.filter_map(|(index, row)| Some((index, row?)))
    }

    /// A question whose options are the tools, and none of them where `none` is not empty.
    fn of_tools(&self, asks: &str, none: &str, right: Vec<usize>, because: String) -> Question {
        let mut options: Vec<String> = self.results.iter().map(label).collect();
        if !none.is_empty() {
            options.push(none.to_owned());
        }
        let right = if right.is_empty() { vec![options.len() - 1] } else { right };
        Question { asks: asks.to_owned(), options, right, because }
    }

    fn first(&self) -> Question {
        let best = self.finished().map(|(_, row)| row.by(self.goal)).min().unwrap_or(0);
        let near =
            |time: u64| u128::from(time) * 100 <= u128::from(best) * u128::from(100 + NEAR_PERCENT);
        let right = self.finished().filter(|(_, row)| near(row.by(self.goal)));
        let right = right.map(|(index, _)| index).collect();
        let asks = match self.goal {
            Goal::Makespan => "Which tool finishes first?",
            Goal::ResponseP95 => "Under which tool are 95 % of the tasks answered soonest?",
        };
        let asks = format!("{asks} Name all that are within {NEAR_PERCENT} % of the best.");
        let none = if self.may_deadlock { "none: no tool finishes" } else { "" };
        self.of_tools(&asks, none, right, verdict(self.scenario, self.results))
    }

    fn waits(&self) -> Question {
        let has_lock = |result: &ToolResult<'_>| result.run.setting.interpreter.lock;
        let (state, what) = if self.results.iter().any(has_lock) {
            (State::LockWait, "the GIL")
        } else {
            (State::Ready, "a core or for their event loop")
        };
        let wait =
            |row: &SummaryRow| row.share(state).millionths() * u128::from(row.response.mean_ns);
        let noticed = |row: &SummaryRow| row.share(state).millionths() >= NOTICED;
        let most = self.finished().filter(|(_, row)| noticed(row)).map(|(_, row)| wait(row)).max();
        let near = |row: &SummaryRow| {
            most.is_some_and(|most| {
                noticed(row) && wait(row) * u128::from(100 + NEAR_PERCENT) >= most * 100
            })
        };
        let right = self.finished().filter(|(_, row)| near(row)).map(|(index, _)| index).collect();
        let asks = format!(
            "Whose tasks wait longest for {what}, on average? Name all that are within {NEAR_PERCENT} %."
        );
        let none = "nobody's: under no tool is it 1 % of their time";
        let told = self.each(|row| {
            let mean = wait(row) / 1_000_000;
            format!("{} a task ({})", time(mean), percent(row.share(state)))
        });
        self.of_tools(&asks, none, right, told)
    }

    /// Something about every tool that finishes.
    fn each(&self, of: impl Fn(&SummaryRow) -> String) -> String {
        let told = self
            .finished()
            .map(|(index, row)| format!("{} {}", label(&self.results[index]), of(row)));
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            "No tool finishes.".to_owned()
        } else {
            format!("{}.", told.join(", "))
        }
    }

    fn how_long(&self, index: usize) -> Question {
        let result = &self.results[index];
        let name = label(result);
        let asks = match self.goal {
            Goal::Makespan => format!("Roughly how long does {name} take?"),
            Goal::ResponseP95 => format!("How soon are 95 % of the tasks answered under {name}?"),
        };
        let known: Vec<u64> = self.finished().map(|(_, row)| row.by(self.goal)).collect();
        // A tool that never finishes has no right time: the middle of the others' serves as one more wrong one.
        let own = result.row().map(|row| row.by(self.goal));
        let anchor = own.or_else(|| known.get(known.len() / 2).copied()).unwrap_or(1_000_000_000);
        let bits = bits(self.scenario.seed, [anchor, index as u64], 0);
        let (times, position) = choice::times(anchor, &known, bits);
        let mut options: Vec<String> =
            times.iter().map(|ns| format!("about {}", time(*ns))).collect();
        if self.may_deadlock {
            options.push(NEVER.to_owned());
        }
        let right = if own.is_some() { position } else { options.len() - 1 };
        Question { asks, options, right: vec![right], because: why(self.scenario, result) }
    }

    fn whereabouts(&self, index: usize) -> Question {
        let result = &self.results[index];
        let right_states = result.row().map_or_else(Vec::new, states_of_most);
        let elsewhere = self.finished().flat_map(|(_, row)| states_of_most(row));
        let mut states = right_states.clone();
        for state in elsewhere.chain(TEMPTING) {
            if states.len() < OPTIONS && !states.contains(&state) {
                states.push(state);
            }
        }
        states.sort_unstable();
        let mut options: Vec<String> = states
            .iter()
            .map(|state| place(self.scenario, *state, result.run, result.row()))
            .collect();
        let mut right: Vec<usize> =
            (0..states.len()).filter(|at| right_states.contains(&states[*at])).collect();
        match result.ending {
            Ending::Finished(_) if right.is_empty() => {
                right.push(options.len());
                options.push("nowhere: they take no time".to_owned());
            }
            Ending::Deadlocked(_) => right.push(options.len()),
            Ending::Finished(_) => {}
        }
        if self.may_deadlock {
            options.push(NOWHERE_FOR_GOOD.to_owned());
        }
        Question {
            asks: format!(
                "Where do the tasks of {} spend most of their time? Name all that are within a percentage point.",
                label(result)
            ),
            options,
            right,
            because: result.row().map_or_else(never, |row| shares(self.scenario, row, result.run)),
        }
    }

    /// Which of the entries' tasks wait for others most.
    fn who(&self, index: usize, waits: &Waits) -> Question {
        let result = &self.results[index];
        let mut options: Vec<String> =
            self.scenario.tasks.iter().map(|entry| one_line(&entry.name)).collect();
        let entries = options.len();
        options.push("nobody's: less than 1 % each".to_owned());
        let shares: Vec<_> = waits.shares().collect();
        let most = shares.iter().map(|share| share.millionths()).max().unwrap_or(0);
        let near = |share: u128| share >= NOTICED && share + NOTICED > most;
        let mut right: Vec<usize> =
            (0..entries).filter(|entry| near(shares[*entry].millionths())).collect();
        if right.is_empty() {
            right.push(entries);
        }
        if self.may_deadlock {
            options.push(NEVER_DONE.to_owned());
        }
        let told =
            options.iter().zip(&shares).map(|(name, share)| format!("{name} {}", percent(*share)));
        let mut because = format!("{}.", told.collect::<Vec<_>>().join(", "));
        if matches!(result.ending, Ending::Deadlocked(_)) {
            right = vec![options.len() - 1];
            because = never();
        }
        let asks = format!(
            "Under {}, whose tasks wait for others the largest part of their time (for the GIL, a core, their loop, a \
             permit, a connection, a worker)? Name all that are within a percentage point.",
            label(result)
        );
        Question { asks, options, right, because }
    }

    fn stuck(&self) -> Question {
        let dead = |result: &ToolResult<'_>| matches!(result.ending, Ending::Deadlocked(_));
        let right: Vec<usize> =
            (0..self.results.len()).filter(|index| dead(&self.results[*index])).collect();
        let told: Vec<String> =
            right.iter().map(|index| why(self.scenario, &self.results[*index])).collect();
        let told = if told.is_empty() { "All of them finish.".to_owned() } else { told.join("\n") };
        self.of_tools("Which of them never finish?", "none: all finish", right, told)
    }

    fn keep_up(&self, warnings: &[Option<String>]) -> Question {
        let serves = |result: &ToolResult<'_>| result.row().is_some() && !result.unserved;
        let right: Vec<usize> =
            (0..self.results.len()).filter(|index| serves(&self.results[*index])).collect();
        let told = self.results.iter().zip(warnings);
        let told: Vec<String> = told
            .filter_map(|(result, warning)| {
                Some(format!("{}: {}.", label(result), warning.as_ref()?))
            })
            .collect();
        let told = if told.is_empty() {
            let all = counted(right.len() as u64, "tool");
            format!("No resource is asked for more than it can serve, and no backlog grows: {all}.")
        } else {
            told.join("\n")
        };
        self.of_tools("Which of them keep up with the load?", "none of them", right, told)
    }
}

fn never() -> String {
    "It never finishes.".to_owned()
}

fn label(result: &ToolResult<'_>) -> String {
    one_line(&result.run.label)
}

/// What the verdict says of a tool on its own; of one that deadlocks, what waits for what.
fn why(scenario: &Scenario, result: &ToolResult<'_>) -> String {
    match &result.ending {
        Ending::Finished(_) => verdict(scenario, std::slice::from_ref(result)),
        Ending::Deadlocked(stuck) => report::deadlock(&result.run.label, stuck),
    }
}

/// The state that most of the time goes to, and those within a percentage point of it.
fn states_of_most(row: &SummaryRow) -> Vec<State> {
    let share = |state: State| row.share(state).millionths();
    let most = State::ALL.into_iter().map(share).max().unwrap_or(0);
    State::ALL
        .into_iter()
        .filter(|state| share(*state) + NOTICED > most && share(*state) > 0)
        .collect()
}

/// All states that take a noticeable share of the time.
fn shares(scenario: &Scenario, row: &SummaryRow, run: &ToolRun) -> String {
    let told: Vec<String> = noticed(row)
        .map(|(share, state)| {
            format!("{} {}", percent(share), place(scenario, state, run, Some(row)))
        })
        .collect();
    if told.is_empty() { "They take no time.".to_owned() } else { format!("{}.", told.join(", ")) }
}
