//! What moving things costs, worked out by hand: the rules of `ideal`, with nothing but the cost in question.

use gilsim::profile::{Cost, Profile};
use gilsim::time::SimDuration;
use gilsim::trace::Outcome;

use crate::play::{MS, Play, US};

const fn ns(nanos: u64) -> Cost {
    Cost(SimDuration::from_nanos(nanos))
}

/// One producer, one consumer, and a queue with room for `room` numbers.
fn producer_and_consumer(room: u32, items: u32) -> Play {
    Play::of(&format!(
        "machine.cores = 2\nqueues.q = {room}\n\
         [[tasks]]\nsteps = [{{ repeat = {items}, steps = [{{ put = 'q' }}] }}]\n\
         [[tasks]]\nsteps = [{{ repeat = {items}, steps = [{{ get = 'q' }}] }}]\n"
    ))
}

fn shared_costs(profile: &mut Profile) {
    let threads = &mut profile.shared.threads;
    (threads.acquire, threads.release) = (ns(300), ns(500));
    (threads.put, threads.get) = (ns(700), ns(600));
    let processes = &mut profile.shared.processes;
    (processes.acquire, processes.release) = (ns(20), ns(30));
    (processes.put, processes.feed, processes.get) = (ns(400), ns(3_000), ns(2_000));
    let coroutines = &mut profile.shared.coroutines;
    (coroutines.acquire, coroutines.release) = (ns(200), ns(100));
    (coroutines.put, coroutines.get) = (ns(90), ns(80));
}

#[test]
fn each_operation_on_a_queue_costs_what_its_kind_of_queue_costs() {
    let play = || producer_and_consumer(0, 100).with_profile(shared_costs);
    assert_eq!(play().makespan("sequential"), 100 * (700 + 600));
    assert_eq!(play().makespan("threading"), 100 * (700 + 600));
    assert_eq!(play().makespan("asyncio"), 100 * (90 + 80));
    // The feeder writes an item every 3 us, from the first put on; it is read while the next one is pickled.
    assert_eq!(play().makespan("multiprocessing"), 100 * 400 + 100 * 3_000 + 2_000);
}

/// The putter's process and its feeder share a lock, and the getter has another one.
#[test]
fn a_queue_of_processes_is_fed_by_a_thread_that_its_process_waits_for() {
    let play = producer_and_consumer(0, 1).with_profile(shared_costs);
    let run = play.run("multiprocessing");
    assert_eq!(run.done(), [400, 400 + 3_000 + 2_000]);
    assert_eq!(run.totals.threads, 4, "the main one, two of processes and a feeder");
}

#[test]
fn a_semaphore_costs_what_its_kind_costs() {
    let text = "machine.cores = 1\nsemaphores.s = 1\n[[tasks]]\n\
                steps = [{ repeat = 10, steps = [{ acquire = 's' }, { compute = '1us' }, { release = 's' }] }]\n";
    let play = || Play::of(text).with_profile(shared_costs);
    assert_eq!(play().makespan("threading"), 10 * (300 + 1_000 + 500));
    assert_eq!(play().makespan("multiprocessing"), 10 * (20 + 1_000 + 30));
    assert_eq!(play().makespan("asyncio"), 10 * (200 + 1_000 + 100));
}

/// Who has to wait for the lock of a semaphore waits without the interpreter lock, so that the holder comes to release it.
#[test]
fn users_of_one_permit_come_to_their_end_under_every_tool_and_profile() {
    let text = "machine.cores = 2\nsemaphores.s = 1\n[[tasks]]\ncount = 4\n\
                steps = [{ repeat = 3000, steps = [{ acquire = 's' }, { compute = '100ns' }, { release = 's' }] }]\n";
    for profile in ["cpython-3.8", "cpython-3.13", "cpython-3.13t", "cpython-3.15"] {
        for tool in ["threading", "multiprocessing", "asyncio", "thread_pool", "process_pool"] {
            let run = Play::under(profile, text).run(tool);
            assert_eq!(run.outcome, Outcome::Finished, "{profile} {tool}");
        }
    }
}

#[test]
fn who_waits_for_a_queue_of_processes_is_said_to_wait_for_the_queue() {
    let text = "queues.q = 1\n[[tasks]]\ncount = 2\nsteps = [{ get = 'q' }]\n\
                [[tasks]]\nsteps = [{ put = 'q' }, { put = 'q' }, { put = 'q' }, { put = 'q' }]\n";
    let Outcome::Deadlocked(stuck) =
        Play::under("cpython-3.13", text).run("multiprocessing").outcome
    else {
        panic!("four items, and two are taken: the last one finds no room")
    };
    let waits: Vec<&str> = stuck.iter().map(|it| it.waits_for.as_str()).collect();
    assert_eq!(waits, ["room in queue `q`"]);
}

fn pickled(profile: &mut Profile) {
    (profile.pickle.dumps_per_object, profile.pickle.loads_per_object) = (ns(10), ns(20));
}

/// What one task of a process pool takes besides its computation.
fn carried(payload: &str) -> u64 {
    let text = format!("[[tasks]]\npayload = {{ {payload} }}\nsteps = [{{ compute = '1ms' }}]\n");
    Play::of(&text).with_profile(pickled).makespan("process_pool") - MS
}

#[test]
fn a_payload_costs_by_its_objects_each_way_unless_somebody_measured_it() {
    assert_eq!(carried("send = '1kB'"), 0);
    assert_eq!(carried("send = '1kB', send_objects = 21"), 20 * (10 + 20));
    assert_eq!(carried("receive_objects = 11"), 10 * (10 + 20));
    assert_eq!(carried("send_objects = 21, pickle = '3us'"), 3_000 + 20 * 20);
    let both = "send_objects = 21, receive = '1B', pickle = '3us', unpickle = '2us'";
    assert_eq!(carried(both), 2 * (3_000 + 2_000));
    assert_eq!(carried("pickle = '3us'"), 0, "nothing is sent that would be pickled");
}

/// A future for each chunk, and a list of results from which the caller takes them.
#[test]
fn a_process_pool_collects_a_future_a_chunk_and_then_its_results() {
    let collected = |chunk: u32| {
        let text = format!(
            "[[tasks]]\ncount = 100\nsteps = [{{ yield = true }}]\n\
             [[tools]]\nuse = 'process_pool'\nchunk = {chunk}\n"
        );
        let costs = |profile: &mut Profile| {
            (profile.process_pool.collect, profile.process_pool.collect_item) = (ns(4_000), ns(60));
        };
        Play::of(&text).with_profile(costs).makespan("process_pool")
    };
    assert_eq!(collected(1), 100 * 4_000);
    assert_eq!(collected(50), 2 * 4_000 + 98 * 60);
    assert_eq!(collected(40), 3 * 4_000 + 97 * 60, "the last chunk is shorter");
}

#[test]
fn each_worker_does_its_first_steps_before_its_first_task() {
    let took = |tool: &str, more: &str| {
        let text = format!(
            "machine.cores = 2\n[[tasks]]\ncount = 4\nsteps = [{{ compute = '10ms' }}]\n\
             [[tools]]\nuse = '{tool}'\nworker_init = '300us'\n{more}\n"
        );
        Play::of(&text).makespan(tool)
    };
    for tool in ["process_pool", "multiprocessing_pool", "interpreter_pool"] {
        assert_eq!(took(tool, "workers = 2") % MS, 300 * US, "{tool}: workers do it side by side");
    }
    assert_eq!(took("multiprocessing", ""), 20 * MS + 2 * 300 * US, "two after two on each core");
    let threads = took("thread_pool", "workers = 2");
    assert!(threads >= 40 * MS + 2 * 300 * US, "one after the other under the lock: {threads}");
}

/// Sleepers that wake together are taken from the heap one by one, before the first of them goes on.
#[test]
fn a_timer_costs_the_more_the_more_are_set() {
    let text = |count: u32| format!("[[tasks]]\ncount = {count}\nsteps = [{{ wait = '1ms' }}]\n");
    let level = |profile: &mut Profile| profile.event_loop.timer_level = ns(100);
    let over = |count| Play::of(&text(count)).with_profile(level).makespan("asyncio") - MS;
    assert_eq!(over(1), 0);
    assert_eq!(over(2), 100, "one other is left, then none");
    assert_eq!(over(8), 100 * (3 + 2 + 2 + 2 + 2 + 1 + 1), "seven others are left, then six, …");
}

/// A tool, and the least and the most milliseconds that it took.
type Measured = (&'static str, u64, u64);

/// Programs that were measured on two cores under 3.12 and 3.13: each tool with the milliseconds that it took. The built-in
/// profile is of another machine, so half as much and twice as much are allowed; the winner is not to be another one.
#[test]
fn programs_that_move_data_take_what_they_were_measured_to_take_or_so() {
    let queue = "queues.q = 0\n\
                 [[tasks]]\nsteps = [{ repeat = 100000, steps = [{ put = 'q' }] }]\n\
                 [[tasks]]\nsteps = [{ repeat = 100000, steps = [{ get = 'q' }] }]\n";
    let semaphore = "semaphores.s = 1\n[[tasks]]\ncount = 4\nsteps = [{ repeat = 100000, steps = [\
                     { acquire = 's' }, { compute = '100ns' }, { release = 's' }] }]\n";
    let chunked = |count: u32, time: &str, chunks: &[u32]| {
        let tools = chunks.iter().map(|chunk| {
            format!("[[tools]]\nuse = 'process_pool'\nlabel = '{chunk}'\nchunk = {chunk}\n")
        });
        format!(
            "[[tasks]]\ncount = {count}\nsteps = [{{ compute = '{time}' }}]\n\
             [[tools]]\nuse = 'sequential'\n{}",
            tools.collect::<String>()
        )
    };
    let small = chunked(200_000, "3550ns", &[10, 100, 1_000, 10_000]);
    let lists = "[[tasks]]\ncount = 500000\npayload = { send = '60B', send_objects = 21 }\n\
                 steps = [{ compute = '300ns' }]\n";
    let measured: [(&str, &[Measured]); 4] = [
        (queue, &[("threading", 150, 590), ("multiprocessing", 800, 1_500)]),
        (
            semaphore,
            &[("multiprocessing", 321, 321), ("asyncio", 560, 560), ("threading", 686, 686)],
        ),
        (
            &small,
            &[
                ("10000", 440, 440),
                ("1000", 480, 480),
                ("sequential", 710, 710),
                ("100", 850, 850),
                ("10", 3_410, 3_410),
            ],
        ),
        // Reported as 2.0 times as long as one by one.
        (lists, &[("sequential", 150, 150), ("multiprocessing_pool", 300, 300)]),
    ];
    for (text, tools) in measured {
        let play = Play::under("cpython-3.13", &format!("machine.cores = 2\n{text}"));
        let predicted = tools.iter().map(|(tool, ..)| play.makespan(tool) / MS);
        let predicted: Vec<u64> = predicted.collect();
        assert_eq!(predicted.iter().min(), predicted.first(), "{tools:?}: {predicted:?}");
        for ((tool, least, most), took) in tools.iter().zip(predicted) {
            assert!((least / 2..=most * 2).contains(&took), "{tool}: {took} ms");
        }
    }
}
