//! Results by entry: entries.csv, the key `entries` of summary.json, and the table of the screen.

use serde::Serialize;

use crate::report::{COUNT_HEADINGS, entry_names, shown_counts, time};
use crate::table::{Align, Table};
use gilsim_core::sink::row::Counts;
use gilsim_core::sink::summary::EntryResponses;

/// What came of one entry of a scenario under one tool, as entries.csv and summary.json have it.
#[derive(Clone, Serialize, Debug)]
pub struct EntryRow<'a> {
    /// The label of the tool.
    #[serde(skip)]
    pub tool: &'a str,
    /// The number of the `[[tasks]]` table, from 0 on.
    #[serde(skip)]
    pub entry: usize,
    /// Its name; empty where it has none.
    pub name: &'a str,
    /// How many of its tasks finished.
    pub tasks: u64,
    response_mean_ns: u64,
    response_p50_ns: u64,
    response_p95_ns: u64,
    response_p99_ns: u64,
    response_max_ns: u64,
    #[serde(flatten)]
    counts: Counts,
}

/// More entries than this are in entries.csv only, not on the screen.
const ON_SCREEN: usize = 12;

impl<'a> EntryRow<'a> {
    /// The rows of one tool; `names` are those of the entries.
    pub fn of_tool(
        tool: &'a str,
        names: impl Iterator<Item = &'a str>,
        entries: &[EntryResponses],
    ) -> Vec<Self> {
        let row = |(entry, (name, of)): (usize, (&'a str, &EntryResponses))| Self {
            tool,
            entry,
            name,
            tasks: of.tasks,
            response_mean_ns: of.response.mean_ns,
            response_p50_ns: of.response.p50_ns,
            response_p95_ns: of.response.p95_ns,
            response_p99_ns: of.response.p99_ns,
            response_max_ns: of.response.max_ns,
            counts: of.counts,
        };
        names.zip(entries).enumerate().map(row).collect()
    }

    fn responses(&self) -> [u64; 5] {
        [
            self.response_mean_ns,
            self.response_p50_ns,
            self.response_p95_ns,
            self.response_p99_ns,
            self.response_max_ns,
        ]
    }
}

/// entries.csv: a row per tool, replicate and entry.
pub fn csv(tools: &[Vec<EntryRow<'_>>]) -> Vec<u8> {
    let columns = [
        "tool",
        "replicate",
        "entry",
        "name",
        "tasks",
        "response_mean_ns",
        "response_p50_ns",
        "response_p95_ns",
        "response_p99_ns",
        "response_max_ns",
    ];
    let columns: Vec<&str> = columns.into_iter().chain(Counts::NAMES).collect();
    let mut table = Table::with_texts(columns.len(), columns);
    for row in tools.iter().flatten() {
        let mut cells = vec![row.tool.to_owned(), "0".to_owned(), row.entry.to_string()];
        cells.extend([row.name.to_owned(), row.tasks.to_string()]);
        cells.extend(row.responses().map(|nanos| nanos.to_string()));
        cells.extend(row.counts.all().map(|count| count.to_string()));
        table.push(cells);
    }
    table.csv()
}

/// The same for people: a row per tool and entry. `None` where there are no entries to tell apart, or too many.
pub fn table(tools: &[Vec<EntryRow<'_>>]) -> Option<Table> {
    let most = tools.iter().map(Vec::len).max()?;
    if !(2..=ON_SCREEN).contains(&most) {
        return None;
    }
    let left = [("tool", Align::Left), ("entry", Align::Left)];
    let right = ["tasks", "mean", "p50", "p95", "p99", "max"];
    let shown = shown_counts(tools.iter().flatten().map(|row| row.counts));
    let right = right.into_iter().chain(shown.iter().map(|at| COUNT_HEADINGS[*at]));
    let right = right.map(|name| (name, Align::Right));
    let mut table = Table::new(left.into_iter().chain(right));
    let names = entry_names(tools.iter().max_by_key(|rows| rows.len())?.iter().map(|row| row.name));
    for row in tools.iter().flatten() {
        let name = names[row.entry].clone();
        let mut cells = vec![row.tool.to_owned(), name, row.tasks.to_string()];
        cells.extend(row.responses().map(time));
        cells.extend(shown.iter().map(|at| row.counts.all()[*at].to_string()));
        table.push(cells);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::sink::row::Responses;

    fn rows() -> Vec<Vec<EntryRow<'static>>> {
        let of = |tasks, nanos| EntryResponses {
            tasks,
            counts: Counts { failed: tasks / 100, ..Counts::default() },
            response: Responses {
                mean_ns: nanos,
                p50_ns: nanos,
                p95_ns: 2 * nanos,
                p99_ns: 2 * nanos,
                max_ns: 3 * nanos,
            },
        };
        let entries = [of(100, 12_000_000), of(1, 30_000_000_000)];
        vec![EntryRow::of_tool("asyncio", ["health", ""].into_iter(), &entries)]
    }

    #[test]
    fn entries_csv_has_the_columns_that_are_promised() {
        let expected = "tool,replicate,entry,name,tasks,response_mean_ns,response_p50_ns,response_p95_ns,\
                        response_p99_ns,response_max_ns,failed,timed_out,cancelled,retries\n\
                        asyncio,0,0,health,100,12000000,12000000,24000000,24000000,36000000,1,0,0,0\n\
                        asyncio,0,1,,1,30000000000,30000000000,60000000000,60000000000,90000000000,0,0,0,0\n";
        assert_eq!(String::from_utf8(csv(&rows())).unwrap(), expected);
    }

    #[test]
    fn the_screen_names_entries_or_numbers_them_and_shows_no_more_than_a_few() {
        let shown = table(&rows()).unwrap().screen();
        assert!(shown.contains("health") && shown.contains("12 ms"), "{shown}");
        assert!(shown.contains("failed") && !shown.contains("retries"), "{shown}");
        assert!(shown.lines().any(|line| line.starts_with("asyncio") && line.contains(" 1 ")));
        let one = rows()[0].clone();
        assert!(table(&[one[..1].to_vec()]).is_none(), "one entry is what the summary says");
        assert!(table(&[one.iter().cycle().take(13).cloned().collect()]).is_none());
        assert!(table(&[]).is_none());
    }
}
