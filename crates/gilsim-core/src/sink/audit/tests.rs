use super::*;
use crate::sink::sample::{Place, life, row};
use crate::trace::State;

/// One core, one lock, no sites; task 0 computes 10 ns in step 0.
/// The steps of this task may be cut short.
const OPTIONAL: u32 = 7;

struct Bench {
    names: Names,
    cores: u32,
    locked: bool,
    per_thread_lock: bool,
    wakes_in_place: bool,
    sites: Vec<(NameId, u32)>,
    clients: Vec<(std::ops::Range<u32>, u32)>,
    followers: Vec<Followed>,
    held: Held,
    limiters: Vec<(SimDuration, u32)>,
    demanded: fn(TaskId, u32) -> Option<SimDuration>,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            names: Names::default(),
            cores: 1,
            locked: true,
            per_thread_lock: false,
            wakes_in_place: false,
            sites: Vec::new(),
            clients: Vec::new(),
            followers: Vec::new(),
            held: Held::default(),
            limiters: Vec::new(),
            demanded: |_, _| None,
        }
    }
}

impl Bench {
    fn listening(&self) -> Audit<'_> {
        Audit::new(AuditSetting {
            cores: self.cores,
            locked: self.locked,
            per_thread_lock: self.per_thread_lock,
            wakes_in_place: self.wakes_in_place,
            sites: self.sites.clone(),
            clients: self.clients.clone(),
            followers: self.followers.clone(),
            held: self.held.clone(),
            limiters: self.limiters.clone(),
            demanded: Box::new(self.demanded),
            optional: Box::new(|task, _| task == TaskId(OPTIONAL)),
            names: &self.names,
        })
    }

    fn audit(&self, rows: &[Row], lives: &[Finished]) -> Vec<Violation> {
        let mut audit = self.listening();
        for row in rows {
            audit.row(row);
        }
        for life in lives {
            audit.finished(life);
        }
        audit.check()
    }

    /// The laws broken, each once.
    fn broken(&self, rows: &[Row], lives: &[Finished]) -> Vec<Law> {
        let mut laws: Vec<Law> = self.audit(rows, lives).iter().map(|found| found.law).collect();
        laws.dedup();
        laws
    }
}

fn ten_ns_in_step_0(_: TaskId, step: u32) -> Option<SimDuration> {
    (step == 0).then(|| SimDuration::from_nanos(10))
}

fn on(state: State, start: u64, end: u64, thread: u32, core: u32) -> Row {
    row(state, start, end).process(0).thread(thread).core(core)
}

fn off(state: State, start: u64, end: u64, thread: u32) -> Row {
    row(state, start, end).process(0).thread(thread)
}

#[test]
fn a_lawful_trace_passes() {
    let mut bench = Bench { demanded: ten_ns_in_step_0, ..Bench::default() };
    let shop = bench.names.intern("shop");
    bench.sites = vec![(shop, 1)];
    let rows = [
        row(State::Queued, 0, 5),
        on(State::Overhead, 0, 5, 0, 0).no_task(),
        on(State::Running, 5, 9, 1, 0),
        on(State::Running, 9, 12, 2, 0).task(1),
        off(State::LockWait, 9, 12, 1),
        on(State::Running, 12, 18, 1, 0),
        off(State::Ready, 12, 18, 2).task(1),
        on(State::Running, 18, 25, 2, 0).task(1),
        off(State::Io, 18, 30, 1).step(1).name(shop),
        off(State::Io, 30, 40, 2).task(1).step(1).name(shop),
        off(State::Sync, 25, 30, 2).task(1).step(1).name(shop),
    ];
    assert_eq!(bench.audit(&rows, &[life(0, 0, 30), life(1, 9, 40)]), []);
}

#[test]
fn a_row_without_length_is_found() {
    let bench = Bench::default();
    assert_eq!(bench.broken(&[off(State::Io, 5, 5, 0)], &[]), [Law::Length]);
    assert_eq!(bench.broken(&[off(State::Io, 6, 5, 0)], &[]), [Law::Length]);
}

#[test]
fn a_state_on_no_core_or_on_a_core_for_nothing_is_found() {
    let bench = Bench { locked: false, ..Bench::default() };
    for state in State::ALL {
        let mut placed = off(state, 0, 5, 0);
        placed.core = (!state.on_core()).then_some(crate::ids::CoreId(0));
        assert!(bench.broken(&[placed], &[]).contains(&Law::Core), "{state:?}");
    }
    assert_eq!(bench.broken(&[on(State::Overhead, 0, 5, 0, 1)], &[]), [Law::Core]);
}

#[test]
fn a_gap_or_an_overlap_in_a_task_is_found_and_told() {
    let bench = Bench::default();
    let gap = [row(State::Queued, 0, 5), off(State::Io, 6, 9, 0)];
    let found = bench.audit(&gap, &[life(0, 0, 9)]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "between row queued of task 0 step 0 (0 to 5 ns) and row io of task 0 step 0 (6 to 9 ns) there is a gap"
    );
    let overlap = [row(State::Queued, 0, 5), off(State::Io, 4, 9, 0)];
    assert!(bench.audit(&overlap, &[life(0, 0, 9)])[0].message.ends_with("an overlap"));
}

#[test]
fn rows_that_miss_arrival_or_completion_are_found() {
    let bench = Bench::default();
    let rows = [off(State::Io, 2, 9, 0)];
    assert_eq!(bench.broken(&rows, &[life(0, 2, 9)]), []);
    assert_eq!(bench.broken(&rows, &[life(0, 1, 9)]), [Law::Partition]);
    assert_eq!(bench.broken(&rows, &[life(0, 2, 10)]), [Law::Partition]);
    assert_eq!(bench.broken(&rows, &[life(0, 2, 9), life(0, 2, 9)]), [Law::Partition]);
    assert_eq!(bench.broken(&[], &[life(0, 2, 9)]), [Law::Partition]);
    assert_eq!(bench.broken(&[], &[life(0, 2, 2)]), []);
}

#[test]
fn two_rows_on_a_core_are_found() {
    let bench = Bench { locked: false, ..Bench::default() };
    let rows = [on(State::Overhead, 0, 5, 0, 0).no_task(), on(State::Overhead, 4, 6, 1, 0)];
    assert_eq!(bench.broken(&rows, &[]), [Law::OneOnACore]);
    let rows = [on(State::Overhead, 0, 5, 0, 0).no_task(), on(State::Overhead, 5, 6, 1, 0)];
    assert_eq!(bench.broken(&rows, &[]), []);
}

#[test]
fn a_long_row_that_hides_short_ones_is_found_each_time() {
    let bench = Bench { locked: false, ..Bench::default() };
    let rows = [
        on(State::Overhead, 0, 50, 0, 0).no_task(),
        on(State::Overhead, 10, 20, 1, 0).task(1),
        on(State::Overhead, 30, 40, 2, 0).task(2),
    ];
    assert_eq!(bench.audit(&rows, &[]).len(), 2);
}

#[test]
fn two_threads_running_under_one_lock_are_found() {
    let rows = [
        on(State::Running, 0, 5, 0, 0).task(0),
        on(State::Running, 4, 9, 1, 1).task(1),
        on(State::Native, 0, 9, 2, 2).task(2),
    ];
    let mut bench = Bench { cores: 3, ..Bench::default() };
    assert_eq!(bench.broken(&rows, &[]), [Law::OneUnderALock]);
    bench.per_thread_lock = true;
    assert_eq!(bench.broken(&rows, &[]), []);
    bench.per_thread_lock = false;
    bench.locked = false;
    assert_eq!(bench.broken(&rows, &[]), []);
}

#[test]
fn processes_have_locks_of_their_own() {
    let bench = Bench { cores: 2, ..Bench::default() };
    let rows = [on(State::Running, 0, 5, 0, 0), on(State::Running, 0, 5, 1, 1).task(1).process(1)];
    assert_eq!(bench.broken(&rows, &[]), []);
}

#[test]
fn running_nowhere_under_a_lock_is_found() {
    let bench = Bench::default();
    let rows = [row(State::Running, 0, 5).core(0)];
    assert_eq!(bench.broken(&rows, &[]), [Law::OneUnderALock]);
}

#[test]
fn a_thread_in_two_places_is_found() {
    let bench = Bench::default();
    let rows = [off(State::Io, 0, 5, 7), off(State::Sync, 3, 8, 7).task(1)];
    assert_eq!(bench.broken(&rows, &[]), [Law::OnePlace]);
}

#[test]
fn a_core_that_idles_beside_a_ready_thread_is_found() {
    let bench = Bench { cores: 2, locked: false, ..Bench::default() };
    let busy = [on(State::Native, 0, 10, 0, 0), on(State::Native, 0, 6, 1, 1).task(1)];
    let ready = |start, end| off(State::Ready, start, end, 2).task(2);
    let with = |row: Row| [busy[0], busy[1], row];
    assert_eq!(bench.broken(&with(ready(2, 6)), &[]), []);
    assert_eq!(bench.broken(&with(ready(2, 7)), &[]), [Law::NoIdleCore]);
    assert_eq!(bench.broken(&with(ready(8, 9)), &[]), [Law::NoIdleCore]);
    assert_eq!(bench.broken(&with(ready(12, 14)), &[]), [Law::NoIdleCore]);
    assert_eq!(bench.broken(&[ready(0, 1)], &[]), [Law::NoIdleCore]);
    let bench = Bench { wakes_in_place: true, ..bench };
    assert_eq!(bench.broken(&with(ready(2, 7)), &[]), [], "such a machine is not bound by it");
}

#[test]
fn a_task_that_waits_for_its_loop_wants_no_core() {
    let mut bench = Bench::default();
    let name = bench.names.intern("loop");
    assert_eq!(bench.broken(&[row(State::Ready, 0, 5).process(0).name(name)], &[]), []);
}

#[test]
fn a_site_with_more_waiters_than_connections_is_found() {
    let mut bench = Bench::default();
    let shop = bench.names.intern("shop");
    bench.sites = vec![(shop, 2)];
    let waits = |task, start, end, state| row(state, start, end).task(task).name(shop);
    let two = [waits(0, 0, 5, State::Suspended), waits(1, 0, 9, State::Io)];
    let with = |row: Row| [two[0], two[1], row];
    assert_eq!(bench.broken(&with(waits(2, 5, 7, State::Suspended)), &[]), []);
    assert_eq!(bench.broken(&with(waits(2, 0, 7, State::Sync)), &[]), []);
    let poll = row(State::Io, 0, 7).no_task().name(shop).thread(9);
    assert_eq!(bench.broken(&with(poll), &[]), []);
    let found = bench.audit(&with(waits(2, 4, 7, State::Suspended)), &[]);
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["at 4 ns 3 wait on site `shop`, which has 2 connections"]
    );
}

#[test]
fn compute_short_of_or_beyond_what_was_asked_is_found() {
    let bench = Bench { demanded: ten_ns_in_step_0, ..Bench::default() };
    let ran = |end| [on(State::Running, 0, end, 0, 0)];
    assert_eq!(bench.broken(&ran(10), &[life(0, 0, 10)]), []);
    assert_eq!(bench.broken(&ran(9), &[life(0, 0, 9)]), [Law::Compute]);
    assert_eq!(bench.broken(&ran(11), &[life(0, 0, 11)]), [Law::Compute]);
    let step_1 = [on(State::Running, 0, 10, 0, 0), on(State::Native, 10, 12, 0, 0).step(1)];
    assert_eq!(bench.broken(&step_1, &[life(0, 0, 12)]), [Law::Compute]);
    let skipped = [off(State::Io, 0, 10, 0).step(1)];
    assert_eq!(bench.broken(&skipped, &[life(0, 0, 10)]), [Law::Compute]);
}

#[test]
fn a_task_that_never_finished_owes_no_compute() {
    let bench = Bench { demanded: ten_ns_in_step_0, ..Bench::default() };
    assert_eq!(bench.broken(&[on(State::Running, 0, 4, 0, 0)], &[]), []);
}

#[test]
fn a_law_broken_at_every_turn_is_told_ten_times() {
    let bench = Bench::default();
    let rows: Vec<Row> = (0..100).map(|n| off(State::Io, 3 * n, 3 * n + 2, 0)).collect();
    assert_eq!(bench.audit(&rows, &[]).len(), TOLD);
}

#[test]
fn a_client_with_two_tasks_at_once_breaks_a_law() {
    let bench = Bench { clients: vec![(0..9, 1)], ..Bench::default() };
    let second = |start| (row(State::Queued, start, 9).task(1), life(1, start, 9));
    let broken = |start| {
        let (row_1, life_1) = second(start);
        bench.broken(&[row(State::Queued, 0, 5), row_1], &[life(0, 0, 5), life_1])
    };
    assert!(broken(5).is_empty());
    assert_eq!(broken(4), [Law::Clients]);
}

#[test]
fn a_task_that_comes_before_what_it_waits_for_is_done_breaks_a_law() {
    let broken = |one_by_one, arrivals: [u64; 2]| {
        let followers = vec![Followed { tasks: 2..4, others: 0..2, one_by_one }];
        let bench = Bench { followers, ..Bench::default() };
        let queued =
            |task, from, to| (row(State::Queued, from, to).task(task), life(task, from, to));
        let [two, three] = arrivals;
        let all = [queued(0, 0, 5), queued(1, 0, 8), queued(2, two, 20), queued(3, three, 20)];
        let (rows, lives): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        bench.broken(&rows, &lives)
    };
    assert_eq!(broken(true, [5, 8]), []);
    assert_eq!(broken(true, [4, 8]), [Law::After]);
    assert_eq!(broken(false, [8, 8]), []);
    assert_eq!(broken(false, [5, 8]), [Law::After]);
}

#[test]
fn a_limiter_that_lets_one_too_many_through_breaks_a_law() {
    let bench = Bench { limiters: vec![(SimDuration::from_nanos(10), 2)], ..Bench::default() };
    let broken = |instants: [u64; 4]| {
        let mut audit = bench.listening();
        for (task, at) in (0..).map(TaskId).zip(instants) {
            let at = crate::time::SimTime::from_nanos(at);
            audit.passed(&Passed { limiter: crate::ids::LimiterId(0), task, at });
        }
        !audit.check().is_empty()
    };
    assert!(!broken([0, 0, 10, 20]));
    assert!(!broken([5, 5, 15, 100]));
    assert!(broken([0, 0, 9, 30]), "the third comes too soon");
    assert!(broken([0, 0, 10, 19]), "the fourth comes too soon");
}
