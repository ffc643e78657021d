//! The numbers of a run, added up while it goes: memory grows by eight bytes a task and no more.

use super::fraction::Fraction;
use super::row::{Counts, Responses, SummaryRow};
use crate::ids::TaskId;
use crate::time::{SimDuration, SimTime};
use crate::trace::{Ended, Finished, Incident, Row, Sink, State, Totals};

/// Adds up what a run does.
#[derive(Clone, Default, Debug)]
pub struct Summary {
    /// Task time in each state, in nanoseconds, in the order of [`State::ALL`].
    task_time: [u128; State::ALL.len()],
    /// Time that cores were in use, for tasks and for the tool's own threads, in nanoseconds.
    busy: u128,
    /// Time that tasks and the tool's own threads waited for interpreter locks, in nanoseconds.
    lock_wait: u128,
    /// The tasks of each entry that finished, in the order of the entries; of all where nothing is known of entries.
    entries: Vec<OfEntry>,
    counts_from: SimTime,
}

/// The tasks of an entry that finished.
#[derive(Clone, Default, Debug)]
struct OfEntry {
    /// The number of its first task.
    first: u32,
    tasks: u64,
    counts: Counts,
    /// From arrival to the end of the last step, in nanoseconds, in the order in which tasks finished; of tasks that
    /// arrived before `counts_from` none.
    responses: Vec<u64>,
}

/// The response times of the tasks of one `[[tasks]]` table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryResponses {
    /// Its tasks that ended.
    pub tasks: u64,
    /// What went wrong with them, and how often.
    pub counts: Counts,
    /// Their response times.
    pub response: Responses,
}

impl Sink for Summary {
    fn row(&mut self, row: &Row) {
        let length = u128::from(row.length().as_nanos());
        if row.task.is_some() {
            self.task_time[row.state as usize] += length;
        }
        if row.core.is_some() {
            self.busy += length;
        }
        if row.state == State::LockWait {
            self.lock_wait += length;
        }
    }

    fn finished(&mut self, finished: &Finished) {
        let counts_from = self.counts_from;
        let entry = self.entry_of(finished.task);
        entry.tasks += 1;
        entry.counts.failed += u64::from(finished.ended == Ended::Failed);
        if finished.arrived >= counts_from {
            entry.responses.push((finished.done - finished.arrived).as_nanos());
        }
    }

    fn happened(&mut self, task: TaskId, incident: Incident) {
        let counts = &mut self.entry_of(task).counts;
        match incident {
            Incident::TimedOut => counts.timed_out += 1,
            Incident::Retried => counts.retries += 1,
            Incident::Cancelled => counts.cancelled += 1,
        }
    }
}

impl Summary {
    /// A summary whose response times are those of tasks that arrive from that instant on.
    pub fn counting_from(counts_from: SimTime) -> Self {
        Self { counts_from, ..Self::default() }
    }

    /// The same, which tells entries apart; `firsts` are the numbers of their first tasks.
    #[must_use]
    pub fn by_entry(self, firsts: impl Iterator<Item = u32>) -> Self {
        let entries = firsts.map(|first| OfEntry { first, ..OfEntry::default() }).collect();
        Self { entries, ..self }
    }

    /// The entry of a task.
    fn entry_of(&mut self, task: TaskId) -> &mut OfEntry {
        let number = match self.entries.len() {
            0 => {
                self.entries.push(OfEntry::default());
                0
            }
            1 => 0,
            _ => self.entries.partition_point(|entry| entry.first <= task.0) - 1,
        };
        &mut self.entries[number]
    }

    /// The response times of each entry.
    pub fn entries(&self) -> Vec<EntryResponses> {
        let of_entry = |entry: &OfEntry| EntryResponses {
            tasks: entry.tasks,
            counts: entry.counts,
            response: responses(entry.responses.clone()),
        };
        self.entries.iter().map(of_entry).collect()
    }

    /// The row of summary.csv, without the columns that compare it with others: see [`compare`].
    pub fn finish(self, tool: &str, replicate: u32, cores: u32, totals: &Totals) -> SummaryRow {
        let makespan = u128::from(totals.makespan.as_nanos());
        let all_task_time = self.task_time.iter().sum();
        let tasks = self.entries.iter().map(|entry| entry.tasks).sum();
        let mut counts = Counts::default();
        self.entries.iter().for_each(|entry| counts += entry.counts);
        let good = u128::from(tasks) - u128::from(counts.failed);
        let times =
            self.entries.into_iter().map(|entry| entry.responses).reduce(|mut all, more| {
                all.extend(more);
                all
            });
        SummaryRow {
            tool: tool.to_owned(),
            replicate,
            makespan_ns: totals.makespan.as_nanos(),
            speedup: None,
            relative: None,
            tasks,
            throughput_per_s: Fraction::of(good * nanos_per_second(), makespan),
            response: responses(times.unwrap_or_default()),
            shares: self.task_time.map(|time| Fraction::of(time, all_task_time)),
            cpu_busy_share: Fraction::of(self.busy, u128::from(cores) * makespan),
            lock_wait_ns: self.lock_wait,
            switches: totals.switches,
            threads: totals.threads,
            processes: totals.processes,
            memory_bytes: totals.memory_bytes,
            counts,
        }
    }
}

fn nanos_per_second() -> u128 {
    u128::from(SimDuration::from_secs(1).as_nanos())
}

/// Mean and percentiles of response times in nanoseconds, in any order.
pub fn responses(mut times: Vec<u64>) -> Responses {
    let count = times.len() as u128;
    if count == 0 {
        return Responses::default();
    }
    let sum: u128 = times.iter().copied().map(u128::from).sum();
    let mean = (sum + count / 2) / count;
    Responses {
        mean_ns: u64::try_from(mean).unwrap_or(u64::MAX),
        p50_ns: nearest_rank(&mut times, 50),
        p95_ns: nearest_rank(&mut times, 95),
        p99_ns: nearest_rank(&mut times, 99),
        max_ns: nearest_rank(&mut times, 100),
    }
}

/// The smallest value that is not below `percent` in a hundred of all values, of which there is one at least. Puts them
/// into another order, in which a higher percentile is found sooner.
fn nearest_rank(times: &mut [u64], percent: usize) -> u64 {
    let rank = (times.len() * percent).div_ceil(100);
    *times.select_nth_unstable(rank.max(1) - 1).1
}

/// Fills the columns that compare the tools of one scenario, `speedup` and `relative`, in the rows of one replicate.
///
/// `sequential` is the label of the tool that speed-ups are measured against, if the scenario has it.
pub fn compare<'r>(rows: impl IntoIterator<Item = &'r mut SummaryRow>, sequential: Option<&str>) {
    let rows: Vec<&mut SummaryRow> = rows.into_iter().collect();
    let base = rows.iter().find(|row| sequential == Some(row.tool.as_str()));
    let base = base.map(|row| row.makespan_ns);
    let best = rows.iter().map(|row| row.makespan_ns).min();
    let ratio = |over: Option<u64>, under: Option<u64>| Fraction::of(over?.into(), under?.into());
    for row in rows {
        row.speedup = ratio(base, Some(row.makespan_ns));
        row.relative = ratio(Some(row.makespan_ns), best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::row::Value;
    use crate::sink::sample::{Place, life, row, totals};

    fn text(row: &SummaryRow, column: &str) -> String {
        row.value(column).unwrap().text().into_owned()
    }

    #[test]
    fn shares_are_of_task_time_and_busy_time_is_of_all_cores() {
        let mut summary = Summary::default();
        summary.row(&row(State::Queued, 0, 10));
        summary.row(&row(State::Running, 10, 20).core(0));
        summary.row(&row(State::Native, 20, 25).core(0));
        summary.row(&row(State::LockWait, 25, 40));
        summary.row(&row(State::Overhead, 0, 10).no_task().core(1));
        summary.row(&row(State::LockWait, 0, 7).no_task());
        summary.row(&row(State::Io, 0, 40).no_task());
        summary.finished(&life(0, 0, 40));
        let row = summary.finish("t", 3, 2, &totals(50));
        assert_eq!(text(&row, "queued_share"), "0.250000");
        assert_eq!(text(&row, "running_share"), "0.250000");
        assert_eq!(text(&row, "native_share"), "0.125000");
        assert_eq!(text(&row, "lock_wait_share"), "0.375000");
        assert_eq!(text(&row, "io_share"), "0.000000");
        assert_eq!(text(&row, "cpu_busy_share"), "0.250000");
        assert_eq!(text(&row, "lock_wait_ns"), "22");
        assert_eq!(text(&row, "throughput_per_s"), "20000000.000000");
        assert_eq!((row.tasks, row.replicate, row.makespan_ns), (1, 3, 50));
    }

    #[test]
    fn percentiles_are_by_nearest_rank_and_count_from_arrival() {
        let mut summary = Summary::default();
        for task in (0..20).rev() {
            summary.finished(&life(task, 1_000, 1_000 + 10 * u64::from(task + 1)));
        }
        let row = summary.finish("t", 0, 1, &totals(2_000));
        let response =
            Responses { mean_ns: 105, p50_ns: 100, p95_ns: 190, p99_ns: 200, max_ns: 200 };
        assert_eq!(row.response, response);
    }

    #[test]
    fn one_task_is_every_percentile() {
        let mut summary = Summary::default();
        summary.finished(&life(0, 0, 7));
        let all_7 = Responses { mean_ns: 7, p50_ns: 7, p95_ns: 7, p99_ns: 7, max_ns: 7 };
        assert_eq!(summary.finish("t", 0, 1, &totals(7)).response, all_7);
    }

    #[test]
    fn a_mean_is_rounded_half_up() {
        assert_eq!(responses(vec![1, 2]).mean_ns, 2);
        assert_eq!(responses(vec![1, 1, 2]).mean_ns, 1);
        assert_eq!(responses(vec![u64::MAX, u64::MAX]).mean_ns, u64::MAX);
    }

    #[test]
    fn a_run_of_no_time_has_empty_quotients() {
        let mut summary = Summary::default();
        summary.finished(&life(0, 0, 0));
        let mut rows = [summary.finish("sequential", 0, 4, &totals(0))];
        compare(&mut rows, Some("sequential"));
        for column in ["speedup", "relative", "throughput_per_s", "cpu_busy_share", "io_share"] {
            assert_eq!(rows[0].value(column), Some(Value::Empty), "{column}");
        }
    }

    fn measured(tool: &str, makespan: u64) -> SummaryRow {
        Summary::default().finish(tool, 0, 1, &totals(makespan))
    }

    #[test]
    fn tools_are_compared_with_sequential_and_with_the_best() {
        let compared = |makespans: [u64; 2]| {
            let mut rows = [measured("sequential", makespans[0]), measured("fast", makespans[1])];
            compare(&mut rows, Some("sequential"));
            ["speedup", "relative"].map(|column| rows.each_ref().map(|row| text(row, column)))
        };
        assert_eq!(compared([300, 100]), [["1.000000", "3.000000"], ["3.000000", "1.000000"]]);
        assert_eq!(compared([50, 200]), [["1.000000", "0.250000"], ["1.000000", "4.000000"]]);
    }

    #[test]
    fn without_sequential_there_is_no_speedup() {
        let mut rows = [measured("a", 300), measured("b", 100)];
        compare(&mut rows, None);
        assert!(rows.iter().all(|row| row.speedup.is_none() && row.relative.is_some()));
    }
}
