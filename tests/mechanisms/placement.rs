//! Where the kernel puts threads, and what moving and waking them costs (semantics 2.2 and 2.4).

use std::collections::BTreeMap;

use gilsim::profile::{Cost, Profile};
use gilsim::time::SimDuration;
use gilsim::trace::{Row, State};

use crate::play::{MS, Play, Run, US};

/// Threads without a lock that sleep and compute by turns: together they need less than the two cores.
const NAPPERS: &str = "[machine]\ncores = 2\n\
    [[tasks]]\ncount = 6\n\
    steps = [{ repeat = 40, steps = [{ wait = { uniform = [\"1ms\", \"9ms\"] } }, { compute = \"1200us\" }] }]\n\
    [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";

fn in_place(profile: &mut Profile) {
    profile.machine.wakes_in_place = true;
}

/// The rows of each thread on cores, in order of time.
fn on_cores(run: &Run) -> Vec<Vec<&Row>> {
    let mut threads: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
    for row in run.heard.rows.iter().filter(|row| row.core.is_some()) {
        let thread = row.thread.expect("who is on a core is a thread");
        threads.entry(thread.0).or_default().push(row);
    }
    threads.into_values().collect()
}

/// How long threads that came to another core had been off their last one, in nanoseconds.
fn moves(run: &Run) -> Vec<u64> {
    let threads = on_cores(run);
    let pairs = threads.iter().flat_map(|rows| rows.windows(2));
    let moved = pairs.filter(|pair| pair[0].core != pair[1].core);
    moved.map(|pair| (pair[1].start - pair[0].end).as_nanos()).collect()
}

/// How long somebody was ready while no thread was on one of two cores, from an instant on, in nanoseconds.
fn ready_beside_an_idle_core(run: &Run, from: u64) -> u64 {
    let mut changes: Vec<(u64, i32, i32)> = Vec::new();
    for row in &run.heard.rows {
        let (start, end) = (row.start.as_nanos(), row.end.as_nanos());
        let busy = i32::from(row.core.is_some());
        let ready = i32::from(row.state == State::Ready && row.thread.is_some());
        changes.push((start, busy, ready));
        changes.push((end, -busy, -ready));
    }
    changes.sort_unstable_by_key(|(at, ..)| *at);
    let (mut busy, mut ready, mut since, mut sum) = (0, 0, 0, 0);
    for (at, more_busy, more_ready) in changes {
        if busy < 2 && ready > 0 {
            sum += at.max(from) - since.max(from);
        }
        (busy, ready, since) = (busy + more_busy, ready + more_ready, at);
    }
    sum
}

#[test]
fn a_woken_thread_waits_for_its_own_core_only_where_the_machine_is_said_to_do_so() {
    let search = Play::under("cpython-3.13t", NAPPERS).run("threading");
    assert_eq!(ready_beside_an_idle_core(&search, 0), 0);
    assert!(moves(&search).iter().any(|off| *off >= MS), "who slept goes where nobody is");
    let stay = Play::under("cpython-3.13t", NAPPERS).with_profile(in_place).run("threading");
    assert!(ready_beside_an_idle_core(&stay, 0) > 10 * MS);
    assert!(moves(&stay).len() < moves(&search).len());
}

#[test]
fn a_core_that_falls_idle_takes_nobody_who_ran_half_a_millisecond_ago() {
    let run = Play::under("cpython-3.13t", NAPPERS).with_profile(in_place).run("threading");
    let moves = moves(&run);
    assert!(!moves.is_empty() && moves.iter().all(|off| *off >= 500 * US), "{moves:?}");
}

#[test]
fn an_idle_core_looks_again_at_the_next_tick() {
    // Both slept on the same core. A computation takes 140 ms in a build without the lock.
    let text = "[machine]\ncores = 2\n\
        [[tasks]]\ncount = 2\nsteps = [{ wait = \"10ms\" }, { compute = \"100ms\" }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let run = Play::under("cpython-3.13t", text).with_profile(in_place).run("threading");
    assert!(run.totals.makespan.as_nanos() < 160 * MS, "{:?}", run.totals.makespan);
}

/// Three computations on two cores of a build without the lock: when one ends, the other two alternate at timer ticks.
const TRIO: &str = "[machine]\ncores = 2\n[[tasks]]\ncount = 3\nsteps = [{ compute = \"50ms\" }]\n\
    [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";

/// For how many nanoseconds the core that the first of three leaves idles beside the others.
fn idles_beside_a_pair(newidle_permille: u32) -> u64 {
    let run = Play::under("cpython-3.13t", TRIO).with_profile(|profile| {
        in_place(profile);
        profile.machine.newidle_permille = newidle_permille;
        profile.thread.boot = Cost(SimDuration::from_micros(1));
    });
    let run = run.run("threading");
    let first = run.heard.finished.iter().map(|it| it.done.as_nanos()).min().expect("all finish");
    ready_beside_an_idle_core(&run, first)
}

#[test]
fn a_core_that_falls_idle_looks_for_work_at_once_as_often_as_the_dice_have_it() {
    assert!(idles_beside_a_pair(1_000) < MS, "it always looks");
    assert!(idles_beside_a_pair(0) > MS, "it never looks");
}

#[test]
fn an_idle_core_takes_who_has_just_run_at_the_third_tick() {
    // Whoever of the pair waits at a tick has come off the core at that tick.
    let idle = idles_beside_a_pair(0);
    assert!((8 * MS..=12 * MS).contains(&idle), "two ticks in vain, then one more: {idle} ns");
}

#[test]
fn a_slice_that_is_over_ends_with_the_computation() {
    let text = "[machine]\ncores = 1\n[[tasks]]\ncount = 2\n\
        steps = [{ repeat = 20, steps = [{ compute = \"1100us\" }] }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let turns = |wakes_in_place| {
        let play = Play::under("cpython-3.13t", text).with_profile(move |profile| {
            profile.machine.wakes_in_place = wakes_in_place;
        });
        on_cores(&play.run("threading"))
            .iter()
            .map(|rows| turns_of(rows))
            .max()
            .expect("two compute")
    };
    // A slice lasts 0.7 ms, a computation 1.5 ms, a tick 4 ms.
    assert!(turns(true) > 15, "{}", turns(true));
    assert!(turns(false) < 12, "{}", turns(false));
}

/// How often a thread came onto a core.
fn turns_of(rows: &[&Row]) -> usize {
    1 + rows.windows(2).filter(|pair| pair[0].end < pair[1].start).count()
}

#[test]
fn a_result_brings_its_reader_to_the_core_of_the_worker() {
    // Both cores are busy with workers. The thread that reads their results, which runs as soon as it is woken, does so
    // on the core of whoever has written one.
    let text = "[machine]\ncores = 2\n[[tasks]]\ncount = 40\nsteps = [{ compute = \"5ms\" }]\n\
        [[tools]]\nuse = \"process_pool\"\nworkers = 2\nlabel = \"pool\"\n";
    let play = Play::under("cpython-3.13", text).with_profile(|profile| {
        in_place(profile);
        profile.machine.base_slice = Cost(SimDuration::from_nanos(1));
    });
    let run = play.run("pool");
    let threads = on_cores(&run);
    let of_parent = threads.iter().filter(|rows| rows[0].process == threads[0][0].process);
    let moves = |rows: &Vec<&Row>| rows.windows(2).filter(|it| it[0].core != it[1].core).count();
    let moves: Vec<usize> = of_parent.map(moves).collect();
    assert!(moves.iter().any(|it| *it >= 6), "{moves:?}");
}

#[test]
fn three_threads_do_not_stay_on_one_core_beside_one_on_another() {
    let text = "[machine]\ncores = 2\n[[tasks]]\ncount = 4\nsteps = [{ compute = \"250ms\" }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    for python in ["cpython-3.13t", "cpython-3.14t"] {
        let run = Play::under(python, text).run("threading");
        let ends = run.heard.finished.iter().map(|it| it.done.as_nanos());
        let (first, makespan) = (ends.min().expect("four finish"), run.totals.makespan.as_nanos());
        assert!(first * 10 > makespan * 7, "{python}: the first ends at {first} of {makespan} ns");
    }
}

#[test]
fn a_core_that_has_idled_for_long_takes_longer_to_wake_up() {
    let text = "[machine]\ncores = 2\n[[tasks]]\n\
        steps = [{ repeat = 5, steps = [{ wait = \"1ms\" }, { compute = \"10us\" }] }, { wait = \"9ms\" }, { compute = \"10us\" }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let latencies = |profile: &mut Profile| {
        profile.machine.wake_latency = Cost(SimDuration::from_micros(20));
        profile.machine.wake_latency_deep = Cost(SimDuration::from_micros(50));
        profile.machine.wake_spread_permille = 0;
    };
    let run = Play::under("cpython-3.13", text).with_profile(latencies).run("threading");
    let name = run.names.find("wake").expect("somebody was woken");
    let wakes: Vec<u64> = on_cores(&run)[1]
        .iter()
        .filter(|row| row.name == name)
        .map(|row| row.length().as_nanos())
        .collect();
    let after_naps = &wakes[wakes.len() - 6..];
    assert_eq!(after_naps, [20, 20, 20, 20, 20, 50].map(|us| us * US));
}

#[test]
fn who_wakes_a_thread_on_an_idle_core_pays_for_the_interrupt() {
    // The worker's results wake the main thread, which has nothing to do but to wait for them.
    let text = "[machine]\ncores = 2\n\
        [[tasks]]\ncount = 10\nsteps = [{ compute = \"2ms\" }]\n\
        [[tools]]\nuse = \"thread_pool\"\nlabel = \"pool\"\nworkers = 1\n";
    let makespan = |interrupt: u64| {
        let change = |profile: &mut Profile| {
            profile.machine.interrupt = Cost(SimDuration::from_micros(interrupt));
        };
        Play::under("cpython-3.13", text).with_profile(change).makespan("pool")
    };
    let longer = makespan(50) - makespan(0);
    assert!((8 * 50 * US..=14 * 50 * US).contains(&longer), "{longer} ns for ten results");
}

#[test]
fn parent_and_children_copy_memory_once_after_a_fork() {
    let text = "[machine]\ncores = 2\n[[tasks]]\ncount = 12\nsteps = [{ compute = \"3ms\" }]\n\
        [[tools]]\nuse = \"process_pool\"\nlabel = \"forked\"\nworkers = 2\nstart = \"fork\"\n\
        [[tools]]\nuse = \"multiprocessing_pool\"\nlabel = \"pool\"\nworkers = 2\nstart = \"fork\"\n\
        [[tools]]\nuse = \"process_pool\"\nlabel = \"spawned\"\nworkers = 2\nstart = \"spawn\"\n";
    let play = Play::under("cpython-3.13", text);
    let copies = |label: &str| {
        let run = play.run(label);
        let name = run.names.find("copy");
        let mut spent: BTreeMap<u32, u64> = BTreeMap::new();
        for row in run.heard.rows.iter().filter(|row| Some(row.name) == name) {
            let process = row.process.expect("a process copies its memory");
            *spent.entry(process.0).or_default() += row.length().as_nanos();
        }
        spent.into_iter().collect::<Vec<_>>()
    };
    let once = [(0, 1_300 * US), (1, 600 * US), (2, 600 * US)];
    assert_eq!((copies("forked"), copies("pool")), (once.to_vec(), once.to_vec()));
    assert_eq!(copies("spawned"), []);
}
