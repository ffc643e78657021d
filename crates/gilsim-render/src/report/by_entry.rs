//! What the verdict says of each entry of a scenario that has several.

use std::collections::BTreeMap;

use super::words::{list, one_line, range, time};
use super::{Ending, ToolResult};
use gilsim_core::model::Scenario;

/// So many entries are told; of more, those in which the tools differ most.
const TOLD: usize = 4;

/// The names of a scenario's entries as people read them: a number where there is no name, and beside one that is there twice.
pub fn entry_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for name in &names {
        *times.entry(name).or_default() += 1;
    }
    let shown = |(number, name): (usize, &&str)| match (*name, times[name]) {
        ("", _) => number.to_string(),
        (name, 1) => one_line(name),
        (name, _) => format!("{} ({number})", one_line(name)),
    };
    names.iter().enumerate().map(shown).collect()
}

/// One entry: the tools that answer 95 % of its tasks soonest and latest.
struct Told<'r> {
    number: usize,
    soonest: (&'r str, u64),
    latest: (&'r str, u64),
}

impl<'r> Told<'r> {
    /// `None` if none of its tasks ended under any tool.
    fn of(number: usize, results: &[&'r ToolResult<'_>]) -> Option<Self> {
        let answers = results.iter().filter_map(|result| {
            let entry = result.entries.get(number).filter(|it| it.tasks > 0)?;
            Some((result.run.label.as_str(), entry.response.p95_ns))
        });
        let answers: Vec<(&str, u64)> = answers.collect();
        let by_time = |one: &&(&str, u64)| one.1;
        let (soonest, latest) =
            (*answers.iter().min_by_key(by_time)?, *answers.iter().max_by_key(by_time)?);
        Some(Self { number, soonest, latest })
    }

    /// How many times as long the latest answers take, in thousandths.
    fn differs(&self) -> u128 {
        u128::from(self.latest.1) * 1_000 / u128::from(self.soonest.1.max(1))
    }

    fn words(&self, names: &[String]) -> String {
        let name = &names[self.number];
        let [soonest, latest] = [self.soonest, self.latest].map(|(label, ns)| (label, time(ns)));
        if soonest.1 == latest.1 {
            return format!("of `{name}` within {}", latest.1);
        }
        let within = |(label, time): &(&str, String)| format!("{time} ({})", one_line(label));
        format!("of `{name}` within {}", range(&within(&soonest), &within(&latest)))
    }
}

/// How soon the tasks of each entry are answered, where the scenario has several.
pub(super) fn told(scenario: &Scenario, results: &[ToolResult<'_>]) -> Option<String> {
    let finished: Vec<&ToolResult<'_>> =
        results.iter().filter(|result| matches!(result.ending, Ending::Finished(_))).collect();
    let count = scenario.tasks.len();
    let mut entries: Vec<Told<'_>> =
        (0..count).filter_map(|number| Told::of(number, &finished)).collect();
    if count < 2 || entries.is_empty() {
        return None;
    }
    let all = entries.len();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.differs()));
    entries.truncate(TOLD);
    entries.sort_by_key(|entry| entry.number);
    let names = entry_names(scenario.tasks.iter().map(|entry| entry.name.as_str()));
    let words: Vec<String> = entries.iter().map(|entry| entry.words(&names)).collect();
    let more = match all - entries.len() {
        0 => String::new(),
        more => format!("; entries.csv has {more} more"),
    };
    Some(format!("95 % of tasks end by entry: {}{more}.", list(&words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{results, scenario, tool};
    use gilsim_core::model::Tool;
    use gilsim_core::sink::row::{Counts, Responses};
    use gilsim_core::sink::sample::result;
    use gilsim_core::sink::summary::EntryResponses;

    fn answers(p95_ns: u64) -> EntryResponses {
        let response = Responses { p95_ns, ..result("", 1, &[]).response };
        EntryResponses { tasks: 3, counts: Counts::default(), response }
    }

    fn told_of(names: &[&str], by_tool: &[&[u64]]) -> Option<String> {
        let tools = [tool(Tool::Threading), tool(Tool::Asyncio)];
        let mut scenario = scenario("", &tools);
        let entry = scenario.tasks.remove(0);
        for name in names {
            let mut entry = entry.clone();
            (*name).clone_into(&mut entry.name);
            scenario.tasks.push(entry);
        }
        let rows = by_tool.iter().map(|_| result("", 10, &[])).collect();
        let mut results = results(&tools, rows);
        for (result, p95s) in results.iter_mut().zip(by_tool) {
            result.entries = p95s.iter().map(|ns| answers(*ns)).collect();
        }
        told(&scenario, &results)
    }

    #[test]
    fn each_entry_is_told_with_the_tools_that_answer_it_soonest_and_latest() {
        assert_eq!(told_of(&["all"], &[&[1_000_000], &[2_000_000]]), None);
        let two = told_of(
            &["health", "report"],
            &[&[12_000_000, 30_000_000_000], &[30_000_000_000, 30_000_000_000]],
        );
        assert_eq!(
            two.unwrap(),
            "95 % of tasks end by entry: of `health` within 12 ms (threading) to 30 s (asyncio) and of `report` within 30 s."
        );
    }

    #[test]
    fn of_many_entries_those_are_told_in_which_the_tools_differ() {
        let ms = 1_000_000;
        let told = told_of(
            &["a", "b", "b", "", "e", "f"],
            &[&[ms, ms, 5 * ms, ms, ms, ms], &[2 * ms, ms, ms, 3 * ms, ms, 4 * ms]],
        );
        assert_eq!(
            told.unwrap(),
            "95 % of tasks end by entry: of `a` within 1 ms (threading) to 2 ms (asyncio), \
             of `b (2)` within 1 ms (asyncio) to 5 ms (threading), of `3` within 1 ms (threading) to 3 ms (asyncio) \
             and of `f` within 1 ms (threading) to 4 ms (asyncio); entries.csv has 2 more."
        );
    }
}
