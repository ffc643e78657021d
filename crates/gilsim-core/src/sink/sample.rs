//! Rows made by hand, for tests.

use super::fraction::Fraction;
use super::row::{Counts, Responses, SummaryRow};
use crate::ids::{CoreId, NameId, ProcessId, TaskId, ThreadId};
use crate::time::{SimDuration, SimTime};
use crate::trace::{Ended, Finished, Row, State, Totals};

/// A row of task 0, step 0, on nothing.
pub fn row(state: State, start: u64, end: u64) -> Row {
    Row {
        task: Some(TaskId(0)),
        list: 0,
        step: 0,
        state,
        name: NameId::EMPTY,
        start: SimTime::from_nanos(start),
        end: SimTime::from_nanos(end),
        process: None,
        thread: None,
        core: None,
    }
}

/// The same row elsewhere.
pub trait Place {
    #[must_use]
    fn task(self, task: u32) -> Self;
    #[must_use]
    fn no_task(self) -> Self;
    #[must_use]
    fn step(self, step: u32) -> Self;
    #[must_use]
    fn name(self, name: NameId) -> Self;
    #[must_use]
    fn process(self, process: u32) -> Self;
    #[must_use]
    fn thread(self, thread: u32) -> Self;
    #[must_use]
    fn core(self, core: u32) -> Self;
}

impl Place for Row {
    fn task(self, task: u32) -> Self {
        Self { task: Some(TaskId(task)), ..self }
    }
    fn no_task(self) -> Self {
        Self { task: None, ..self }
    }
    fn step(self, step: u32) -> Self {
        Self { step, ..self }
    }
    fn name(self, name: NameId) -> Self {
        Self { name, ..self }
    }
    fn process(self, process: u32) -> Self {
        Self { process: Some(ProcessId(process)), ..self }
    }
    fn thread(self, thread: u32) -> Self {
        Self { thread: Some(ThreadId(thread)), ..self }
    }
    fn core(self, core: u32) -> Self {
        Self { core: Some(CoreId(core)), ..self }
    }
}

/// A task's life.
pub fn life(task: u32, arrived: u64, done: u64) -> Finished {
    Finished {
        task: TaskId(task),
        arrived: SimTime::from_nanos(arrived),
        done: SimTime::from_nanos(done),
        ended: Ended::Well,
    }
}

/// What an engine counted, one thread in one process.
pub fn totals(makespan: u64) -> Totals {
    Totals {
        makespan: SimDuration::from_nanos(makespan),
        switches: 0,
        threads: 1,
        processes: 1,
        memory_bytes: 1 << 20,
    }
}

/// A result: its makespan in milliseconds, and task time in thousandths by state.
pub fn result(tool: &str, makespan_ms: u64, shares: &[(State, u128)]) -> SummaryRow {
    let mut all = [Some(Fraction::ZERO); State::ALL.len()];
    for (state, permille) in shares {
        all[*state as usize] = Fraction::of(*permille, 1_000);
    }
    let response = makespan_ms * 1_000_000;
    SummaryRow {
        tool: tool.to_owned(),
        replicate: 0,
        makespan_ns: response,
        speedup: None,
        relative: None,
        tasks: 100,
        throughput_per_s: Fraction::of(100 * 1_000, makespan_ms.into()),
        response: Responses {
            mean_ns: response / 2,
            p50_ns: response / 2,
            p95_ns: response / 100 * 95,
            p99_ns: response / 100 * 99,
            max_ns: response,
        },
        shares: all,
        cpu_busy_share: Fraction::of(1, 100),
        lock_wait_ns: 0,
        switches: 0,
        threads: 1,
        processes: 1,
        memory_bytes: 1 << 20,
        counts: Counts::default(),
    }
}
