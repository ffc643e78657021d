//! The laws of the trace (docs/contract.md, "Laws of the trace"), checked the slow way.

use gilsim::trace::{Outcome, Row, State};

use crate::play::Run;

/// The first law that a run breaks, in words.
pub fn broken(run: &Run, cores: u32) -> Option<String> {
    let laws = [
        rows_have_a_length(run),
        tasks_are_partitioned(run),
        one_row_at_a_time(run, "core", |row| row.core.map(|core| core.0)),
        one_row_at_a_time(run, "thread", |row| row.thread.map(|thread| thread.0)),
        one_holder_at_a_time(run),
        no_core_idles_beside_a_ready_thread(run, cores),
    ];
    laws.into_iter().flatten().next()
}

fn rows_have_a_length(run: &Run) -> Option<String> {
    run.heard.rows.iter().find(|row| row.start >= row.end).map(|row| format!("no length: {row:?}"))
}

/// The rows of a finished task lie end to end from its arrival to its completion.
fn tasks_are_partitioned(run: &Run) -> Option<String> {
    for finished in &run.heard.finished {
        let of_task = |row: &&Row| row.task == Some(finished.task);
        let mut rows: Vec<&Row> = run.heard.rows.iter().filter(of_task).collect();
        rows.sort_by_key(|row| (row.list, row.start));
        let follow_on = |pair: &&[&Row]| {
            pair[1].list == 0 || pair[0].list != pair[1].list || pair[0].end == pair[1].start
        };
        if let Some(pair) = rows.windows(2).find(|pair| !follow_on(pair)) {
            return Some(format!("a gap or an overlap in a list: {pair:?}"));
        }
        if let Some(row) = rows.iter().find(|row| row.end > finished.done) {
            return Some(format!("it is done before that: {row:?}"));
        }
        let mut end = finished.arrived;
        for row in rows.into_iter().filter(|row| row.list == 0) {
            if row.start != end {
                return Some(format!("a gap or an overlap at {}: {row:?}", end.as_nanos()));
            }
            end = row.end;
        }
        if end != finished.done {
            return Some(format!("rows end at {}: {finished:?}", end.as_nanos()));
        }
    }
    None
}

fn one_row_at_a_time(run: &Run, what: &str, place: impl Fn(&Row) -> Option<u32>) -> Option<String> {
    let mut rows: Vec<(u32, &Row)> =
        run.heard.rows.iter().filter_map(|row| Some((place(row)?, row))).collect();
    rows.sort_by_key(|(place, row)| (*place, row.start));
    let clash =
        rows.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].1.end > pair[1].1.start);
    clash.map(|pair| {
        format!("two rows at a time on {what} {}: {:?} {:?}", pair[0].0, pair[0].1, pair[1].1)
    })
}

fn one_holder_at_a_time(run: &Run) -> Option<String> {
    let mut holds = run.heard.holds.clone();
    holds.sort_by_key(|hold| (hold.lock, hold.start, hold.end));
    let clash =
        holds.windows(2).find(|pair| pair[0].lock == pair[1].lock && pair[0].end > pair[1].start);
    clash.map(|pair| format!("two holders at a time: {:?} {:?}", pair[0], pair[1]))
}

/// While a thread is ready, as many rows are on cores as there are cores.
fn no_core_idles_beside_a_ready_thread(run: &Run, cores: u32) -> Option<String> {
    let on_core = |row: &&Row| row.core.is_some();
    let waits_for_a_core = |row: &&Row| {
        row.state == State::Ready && row.thread.is_some() && run.names.get(row.name) != "loop"
    };
    for ready in run.heard.rows.iter().filter(waits_for_a_core) {
        let overlaps = |row: &&Row| row.start < ready.end && ready.start < row.end;
        let busy = run
            .heard
            .rows
            .iter()
            .filter(on_core)
            .filter(overlaps)
            .map(|row| (row.end.min(ready.end) - row.start.max(ready.start)).as_nanos());
        if busy.sum::<u64>() < u64::from(cores) * ready.length().as_nanos() {
            return Some(format!("a core idles beside {ready:?}"));
        }
    }
    None
}

/// Whether the run ended as it must: all tasks finished, or a deadlock says who waits for what.
pub fn ends_properly(run: &Run, tasks: usize) -> bool {
    match &run.outcome {
        Outcome::Finished => run.heard.finished.len() == tasks,
        Outcome::TooLong => false,
        Outcome::Deadlocked(stuck) => {
            !stuck.is_empty() && stuck.iter().all(|stuck| !stuck.waits_for.is_empty())
        }
    }
}
