//! Rules that few scenarios come near: each test was written because no other noticed when the rule was broken.

use crate::play::{MS, Play, US, plan, run, scenario};

/// A task's last step may be an offload: it is done when the worker is, however busy its loop.
#[test]
fn an_offload_that_comes_last_ends_its_task_on_the_worker() {
    let text = r#"
        [machine]
        cores = 2
        [[tasks]]
        steps = [{ offload = [{ block = "10ms" }] }]
        [[tasks]]
        steps = [{ compute = "50ms" }]
    "#;
    // The worker asks for the lock when it wakes, at 10 ms, and has it a switch interval later.
    assert_eq!(Play::of(text).run("asyncio").done(), [15 * MS, 50 * MS]);
}

/// `time.sleep(0)` only gives the processor away before 3.11, and sleeps like any other since.
#[test]
fn a_yield_takes_half_a_microsecond_before_3_11_and_a_timer_since() {
    let text = "[[tasks]]\nsteps = [{ repeat = 1000, steps = [{ yield = true }] }]\n";
    let each = |python| Play::under(python, text).run("threading").responses()[0] / 1000;
    assert!((500..700).contains(&each("cpython-3.10")), "{}", each("cpython-3.10"));
    assert!((78 * US..140 * US).contains(&each("cpython-3.12")), "{}", each("cpython-3.12"));
}

/// When a thread has slept for 2.5 ms and computed for 10 us twenty times, beside one that computes on the same core,
/// without a lock.
fn answered_beside_a_computing_thread(profile: &str, wake_latency: &str) -> u64 {
    let text = format!(
        "[machine]\ncores = 1\nquantum = \"4ms\"\nwake_latency = \"{wake_latency}\"\n\
         [[tasks]]\nsteps = [{{ repeat = 20, steps = [{{ wait = \"2500us\" }}, {{ compute = \"10us\" }}] }}]\n\
         [[tasks]]\nsteps = [{{ compute = \"200ms\" }}]\n\
         [[tools]]\nuse = \"threading\"\ninterpreter = {{ lock = false }}\n"
    );
    Play::under(profile, &text).run("threading").done()[0]
}

#[test]
fn who_wakes_pre_empts_whether_waking_takes_time_or_not() {
    for wake_latency in ["0s", "1ns", "60us"] {
        let answered = answered_beside_a_computing_thread("cpython-3.13", wake_latency);
        assert!((50 * MS..56 * MS).contains(&answered), "{wake_latency}: {answered}");
    }
}

/// Slices end every 4 ms, and with each the sleeper has its turn.
#[test]
fn under_ideal_who_wakes_pre_empts_nobody_whether_waking_takes_time_or_not() {
    for wake_latency in ["0s", "10us"] {
        let answered = answered_beside_a_computing_thread("ideal", wake_latency);
        assert!((79 * MS..81 * MS).contains(&answered), "{wake_latency}: {answered}");
    }
}

/// What a profile says of memory is counted once for the interpreter, and for each process, thread, coroutine and
/// interpreter besides.
#[test]
fn memory_is_that_of_all_that_was_ever_made() {
    let scenario = scenario(
        "title = \"Memory\"\n[interpreter]\nprofile = \"cpython-3.14\"\n\
         [[tasks]]\ncount = 9\nsteps = [{ wait = \"20ms\" }]\n\
         [[tools]]\nuse = \"process_pool\"\nworkers = 3\n\
         [[tools]]\nuse = \"asyncio\"\n\
         [[tools]]\nuse = \"interpreter_pool\"\nworkers = 3\n",
    );
    let counts = [(0, 0), (9, 0), (0, 3)];
    for (tool, (coroutines, interpreters)) in scenario.tools.iter().zip(counts) {
        let memory = plan(&scenario, tool).memory;
        let totals = run(&scenario, tool).totals;
        let (threads, processes) = (u64::from(totals.threads), u64::from(totals.processes));
        let more = memory.process * (processes - 1) + memory.thread * (threads - processes);
        let made = memory.coroutine * coroutines + memory.interpreter * interpreters;
        assert_eq!(totals.memory_bytes, memory.base + more + made, "{}: {totals:?}", tool.label);
    }
}
