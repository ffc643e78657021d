//! Where the kernel puts threads, and what moving and waking them costs
//! (docs/semantics.md, "Where a woken thread goes"; docs/semantics.md, "Wake latency").

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
fn an_idle_core_takes_a_thread_as_soon_as_it_has_its_utilisation_to_spare() {
    // Whoever of the pair waits at a tick has come off the core at that tick, so that two looks are in vain; but this
    // core has been busy for 70 ms, and each of the pair for half of them: nine tenths have to become half, whose
    // half-life is 32 ms.
    let idle = idles_beside_a_pair(0);
    assert!((20 * MS..=32 * MS).contains(&idle), "{idle} ns");
}

#[test]
fn three_that_compute_take_turns_in_being_alone_on_one_of_two_cores() {
    let text = TRIO.replace("50ms", "500ms");
    let play = || Play::under("cpython-3.13t", &text);
    let share_of_first = |run: &Run| {
        let first = run.heard.finished.iter().map(|it| it.done.as_nanos()).min();
        first.expect("all finish") * 100 / run.totals.makespan.as_nanos()
    };
    let run = play().with_profile(in_place).run("threading");
    assert!(share_of_first(&run) > 85, "{} %", share_of_first(&run));
    // A busy core looks every 28 ms while it sees an imbalance, and takes one at the third look: of two cores each could
    // do so nine times in 770 ms.
    assert!((5..=18).contains(&moves(&run).len()), "{:?}", moves(&run));
    assert!(share_of_first(&play().run("threading")) < 80, "by numbers there is nothing to mend");
}

#[test]
fn five_that_compute_take_turns_on_three_cores() {
    let text = TRIO
        .replace("50ms", "700ms")
        .replace("count = 3", "count = 5")
        .replace("cores = 2", "cores = 3");
    let run = Play::under("cpython-3.13t", &text).with_profile(in_place).run("threading");
    assert!(moves(&run).len() >= 5, "{:?}", moves(&run));
}

#[test]
fn who_is_pre_empted_before_the_end_of_its_slice_goes_on_next() {
    // The sleeper wakes a millisecond after a tick, when whoever computes has most of its slice left.
    let text = "[machine]\ncores = 1\n[[tasks]]\ncount = 2\nsteps = [{ compute = \"50ms\" }]\n\
        [[tasks]]\nname = \"sleeper\"\nsteps = [{ wait = \"5ms\" }, { compute = \"20us\" }, { wait = \"16ms\" }, { compute = \"20us\" }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let play = Play::under("cpython-3.13t", text).with_profile(|profile| {
        in_place(profile);
        profile.machine.base_slice = Cost(SimDuration::from_millis(2));
    });
    let run = play.run("threading");
    let mut on_core: Vec<&Row> = run.heard.rows.iter().filter(|row| row.core.is_some()).collect();
    on_core.sort_by_key(|row| row.start);
    let ran = |row: &&Row| row.thread.map(|it| it.0);
    let turns: Vec<u32> = on_core.iter().filter_map(ran).collect();
    let resumes = |turn: &&[u32]| turn[0] == turn[2] && turn[1] == 3 && turn[0] != 3;
    let mut changes = turns.clone();
    changes.dedup();
    assert!(changes.windows(3).filter(resumes).count() >= 1, "{changes:?}");
}

#[test]
fn a_new_thread_is_next_in_line() {
    let text = "[machine]\ncores = 1\n[[tasks]]\ncount = 2\nsteps = [{ compute = \"40ms\" }]\n\
        [[tasks]]\nname = \"late\"\narrive = { at = [\"21ms\"] }\nsteps = [{ compute = \"1ms\" }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let begins = |run: &Run| {
        let late = |row: &&Row| row.state == State::Running && row.task.is_some_and(|it| it.0 == 2);
        run.heard.rows.iter().filter(late).map(|row| row.start.as_nanos()).min().expect("it runs")
    };
    let play = || Play::under("cpython-3.13t", text);
    let first = begins(&play().with_profile(in_place).run("threading"));
    assert!(first < 22 * MS, "{first} ns");
    let last = begins(&play().run("threading"));
    assert!(last > 24 * MS, "{last} ns");
}

#[test]
fn who_has_slept_gets_the_core_at_once() {
    // It needs a twentieth of the core that another one would have to itself.
    let text = "[machine]\ncores = 1\n[[tasks]]\nsteps = [{ compute = \"100ms\" }]\n\
        [[tasks]]\nname = \"napper\"\n\
        steps = [{ repeat = 40, steps = [{ wait = \"1ms\" }, { compute = \"50us\" }] }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let waits = |run: &Run| -> u64 {
        let ready = |row: &&Row| row.state == State::Ready && row.task.is_some_and(|it| it.0 == 1);
        run.heard.rows.iter().filter(ready).map(|row| row.length().as_nanos()).sum()
    };
    let play = || Play::under("cpython-3.13t", text);
    let in_place = waits(&play().with_profile(in_place).run("threading"));
    assert!(in_place < MS, "{in_place} ns");
    let elsewhere = waits(&play().run("threading"));
    assert!(elsewhere > 2 * in_place, "{elsewhere} ns");
}

#[test]
fn a_child_is_on_its_way_while_its_parent_holds_the_lock() {
    let text = "[machine]\ncores = 2\n[[tasks]]\nsteps = [{ compute = \"1ms\" }]\n\
        [[tools]]\nuse = \"threading\"\nlabel = \"threading\"\n";
    let play = Play::under("cpython-3.13", text).with_profile(|profile| {
        profile.machine.interrupt = Cost(SimDuration::from_micros(7));
    });
    let run = play.run("threading");
    let name = run.names.find("start").expect("a thread is started");
    let threads = on_cores(&run);
    let child = threads[1][0].start;
    let starts = threads[0].iter().find(|row| row.name == name).expect("the parent starts it");
    let after = (starts.end - child).as_nanos();
    assert_eq!(after, 7 * US, "what the interrupt of the other core takes");
    let until = run.heard.holds.iter().find(|it| it.thread.0 == 0).expect("it holds the lock").end;
    assert_eq!(until, starts.end);
}

#[test]
fn the_worker_handler_of_a_pool_looks_at_its_workers_until_a_result_has_been_read() {
    let text = "[machine]\ncores = 2\n[[tasks]]\ncount = 50\nsteps = [{ compute = \"100us\" }]\n\
        [[tools]]\nuse = \"multiprocessing_pool\"\nworkers = 2\nlabel = \"pool\"\n";
    let looks = |watch: u64| {
        let play = Play::under("cpython-3.13", text).with_profile(move |profile| {
            in_place(profile);
            profile.lock.retake = Cost(SimDuration::ZERO);
            profile.multiprocessing_pool.watch = Cost(SimDuration::from_micros(watch));
        });
        let run = play.run("pool");
        let name = run.names.find("watch");
        run.heard.rows.iter().filter(|row| Some(row.name) == name).count()
    };
    assert_eq!(looks(0), 0);
    // A look has four pieces, and there is one when the pool is closed. Most results are read before it has its turn.
    assert!((5 * 4..4 * 1_000).contains(&looks(7)), "{}", looks(7));
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
    let play = Play::under("cpython-3.13", text).with_profile(in_place);
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
        steps = [{ repeat = 5, steps = [{ wait = \"500us\" }, { compute = \"10us\" }] }, { wait = \"9ms\" }, { compute = \"10us\" }]\n\
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
