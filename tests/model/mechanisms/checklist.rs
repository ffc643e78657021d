//! The fifteen things that are easiest to get wrong about CPython's scheduling, each as one test in plain words
//! (docs/semantics.md, "What is easily got wrong").

use gilsim::model::StartMethod;
use gilsim::trace::State;

use crate::play::{MS, Play, US};

const PYTHON: &str = "cpython-3.13";

fn hogs(count: u32, length: &str) -> Play {
    let text = format!(
        "[machine]\ncores = 16\n[[tasks]]\ncount = {count}\n\
         steps = [{{ wait = \"20ms\" }}, {{ compute = \"{length}\" }}]\n"
    );
    Play::under(PYTHON, &text)
}

/// 1: The interval is how long a waiter waits before it asks; a switch starts it anew for every waiter. With a slice
/// timer on the holder, or with windows that survive a switch, many waiters would make turns shorter.
#[test]
fn many_waiters_do_not_shorten_a_turn() {
    for count in [2, 4, 8] {
        let turns = hogs(count, "40ms").run("threading").turns();
        for (task, start, end) in &turns[1..turns.len() - count as usize] {
            assert!(
                end - start >= 3_700 * US || end - start < MS,
                "{count} threads: task {task} {}",
                end - start
            );
        }
    }
}

/// 2: A release hands nothing over: who takes the lock back before the waiter has woken has it.
#[test]
fn a_release_shorter_than_a_wake_up_keeps_the_lock() {
    let run = Play::under(
        PYTHON,
        r#"
        [machine]
        cores = 2
        [computations.call]
        time = "1us"
        lock = "released"
        [[tasks]]
        steps = [{ wait = "20ms" }, { compute = "1ms" }, { compute = "call" }, { compute = "1ms" }]
        [[tasks]]
        steps = [{ wait = "20500us" }, { compute = "10us" }]
        "#,
    )
    .run("threading");
    assert!(
        run.done()[0] < run.done()[1],
        "the second had to wait for all of the first: {:?}",
        run.done()
    );
}

/// 3: Who gave way on request may not barge back: somebody else has the lock first.
#[test]
fn nobody_has_two_turns_in_a_row_while_another_waits() {
    let turns = hogs(3, "60ms").run("threading").turns();
    let contended = &turns[1..turns.len() - 4];
    let barged =
        contended.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].2 - pair[0].1 >= 5 * MS);
    assert_eq!(barged, None);
}

/// 4: Who asks is not always who receives: at times it is the longest waiter, at times the previous holder.
#[test]
fn the_requester_is_not_always_next() {
    let turns = hogs(4, "150ms").run("threading").turns();
    let inner = &turns[4..turns.len() - 6];
    let again = inner.windows(3).filter(|turns| turns[0].0 == turns[2].0).count();
    assert!(again > 0 && again < inner.len() - 2, "{again} of {}", inner.len() - 2);
}

/// 5: A C call that keeps the lock is atomic.
#[test]
fn a_request_waits_for_the_end_of_a_c_call() {
    let run = Play::under(
        PYTHON,
        r#"
        [machine]
        cores = 2
        [computations.sort]
        time = "30ms"
        lock = "kept"
        [[tasks]]
        steps = [{ wait = "20ms" }, { compute = "sort" }]
        [[tasks]]
        steps = [{ wait = "21ms" }, { compute = "1ms" }]
        "#,
    )
    .run("threading");
    assert_eq!(run.turns().len(), 2, "nobody interrupts: {:?}", run.turns());
    assert!(run.done()[1] >= 51 * MS);
}

/// 6: A thread whose wait is over needs the lock as well: beside one that computes it is 5 ms late.
#[test]
fn a_wait_that_is_over_is_followed_by_one_for_the_lock() {
    let run = Play::under(
        PYTHON,
        r#"
        [machine]
        cores = 2
        [[tasks]]
        steps = [{ wait = "20ms" }, { compute = "100ms" }]
        [[tasks]]
        steps = [{ wait = "30ms" }, { compute = "10us" }]
        "#,
    )
    .run("threading");
    let waited = run.spent(1)["lock_wait"];
    assert!((5 * MS..5_400 * US).contains(&waited), "{waited}");
}

/// 7: `Thread.start()` returns when the child has run: beside a thread that computes that takes two turns.
#[test]
fn a_start_is_a_rendezvous() {
    let text = r#"
        [machine]
        cores = 4
        [[tasks]]
        count = 3
        steps = [{ compute = "40ms" }]
    "#;
    let starts: Vec<u64> = {
        let run = Play::under(PYTHON, text).run("threading");
        let mut turns = run.turns();
        turns.sort_unstable();
        turns.dedup_by_key(|turn| turn.0);
        turns.iter().map(|turn| turn.1).collect()
    };
    assert!(starts[1] - starts[0] >= 5 * MS, "the parent had to ask for the lock: {starts:?}");
    assert!(starts[2] - starts[1] >= 5 * MS, "{starts:?}");
}

/// 8: The loop runs a snapshot of what is ready; what gets ready meanwhile runs in the next iteration.
#[test]
fn coroutines_that_yield_take_turns() {
    let text = "[[tasks]]\ncount = 3\nsteps = [{ compute = \"1ms\" }, { yield = true }, { compute = \"1ms\" }]\n";
    let order: Vec<u32> =
        Play::under(PYTHON, text).run("asyncio").turns().iter().map(|turn| turn.0).collect();
    assert_eq!(order, [0, 1, 2, 0, 1, 2]);
}

/// 9: Only a wait that really waits gives way: steps in a row run in a row.
#[test]
fn a_coroutine_without_a_wait_is_not_interrupted() {
    let text = "[[tasks]]\ncount = 2\nsteps = [{ repeat = 5, steps = [{ compute = \"10ms\" }] }]\n";
    let turns = Play::under(PYTHON, text).run("asyncio").turns();
    let order: Vec<u32> = turns.iter().map(|turn| turn.0).collect();
    assert!(order.is_sorted(), "{turns:?}");
}

/// 10: epoll waits whole milliseconds, rounded up.
#[test]
fn a_sleep_of_1_2_ms_takes_2_on_an_idle_loop() {
    let run = Play::under(PYTHON, "[[tasks]]\nsteps = [{ wait = \"1200us\" }]\n").run("asyncio");
    let took = run.responses()[0];
    assert!((2 * MS..2_400 * US).contains(&took), "{took}");
}

/// 11: A `threading.Semaphore` lets newcomers barge; asyncio's hands its permit to who waited longest.
#[test]
fn semaphores_of_threads_barge_and_those_of_asyncio_do_not() {
    let text = r#"
        [machine]
        cores = 2
        [semaphores]
        slot = 1
        [[tasks]]
        name = "greedy"
        steps = [{ repeat = 5, steps = [{ acquire = "slot" }, { compute = "100us" }, { yield = true }, { release = "slot" }] }]
        [[tasks]]
        name = "patient"
        steps = [{ acquire = "slot" }, { compute = "100us" }, { release = "slot" }]
    "#;
    let play = Play::under(PYTHON, text);
    let done = play.run("asyncio").done();
    assert!(done[1] < done[0], "asyncio: the second in line is next: {done:?}");
    let barging = text
        .replace("{ yield = true }, ", "")
        .replace("\"patient\"", "\"patient\"\narrive = { at = [\"150us\"] }");
    let done = Play::under(PYTHON, &barging).run("threading").done();
    assert!(done[0] < done[1], "threads: the greedy one takes it again and again: {done:?}");
}

/// 12: All that is offloaded shares the default executor and its bound.
#[test]
fn offloads_share_one_executor() {
    let text = "[machine]\ncores = 2\n[[tasks]]\ncount = 20\nsteps = [{ offload = [{ block = \"50ms\" }] }]\n";
    let run = Play::under(PYTHON, text).run("asyncio");
    // 2 cores: 6 workers, the main thread, and the thread that ends the executor.
    assert!((7..=8).contains(&run.totals.threads), "{}", run.totals.threads);
    assert!(run.totals.makespan.as_nanos() >= 200 * MS, "20 calls on 6 workers are four rounds");
}

/// 13: A thread pool starts a worker only when none is idle; a process pool that forks starts all at the first
/// submit, one that spawns starts them one by one.
#[test]
fn pools_grow_by_their_own_rules() {
    let pool = |tool: &str, more: &str, arrive: &str| {
        let text = format!(
            "[machine]\ncores = 4\n[[tasks]]\ncount = 3\narrive = {{ every = \"{arrive}\" }}\n\
             steps = [{{ compute = \"1ms\" }}]\n[[tools]]\nuse = \"{tool}\"\nworkers = 4\n{more}"
        );
        Play::under("cpython-3.12", &text).run(tool).totals
    };
    assert_eq!(pool("thread_pool", "", "50ms").threads, 2, "the idle worker is used again");
    assert_eq!(pool("process_pool", "start = \"fork\"\n", "500ms").processes, 5);
    assert_eq!(pool("process_pool", "start = \"spawn\"\n", "500ms").processes, 2);
}

/// 14: Since 3.14 children come from a fork server on Linux.
#[test]
fn the_start_method_of_3_14_is_forkserver() {
    let start = |name| gilsim::profile::built_in(name).expect("it is built in").default_start();
    assert_eq!(start("cpython-3.13"), StartMethod::Fork);
    assert_eq!(start("cpython-3.14"), StartMethod::Forkserver);
}

/// 15: Free-threaded builds have no lock until an extension asks for it: then they are slower for nothing.
#[test]
fn the_lock_can_come_back() {
    let text = "[machine]\ncores = 2\n[[tasks]]\ncount = 2\nsteps = [{ compute = \"100ms\" }]\n\
                [[tools]]\nuse = \"threading\"\n\
                [[tools]]\nuse = \"threading\"\nlabel = \"with lock\"\ninterpreter = { lock = true }\n";
    let play = Play::under("cpython-3.14t", text);
    let (free, locked) = (play.makespan("threading"), play.makespan("with lock"));
    assert!(free < 125 * MS, "{free}");
    assert!(locked > 200 * MS, "{locked}");
    let lock_wait = |label| play.run(label).total(State::LockWait);
    assert_eq!(lock_wait("threading"), 0);
    assert!(lock_wait("with lock") > 0);
}
