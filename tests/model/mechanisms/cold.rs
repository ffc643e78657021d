//! What grows when nobody looks: caches that cool, crowds, timers of busy cores, and memory that is fresh or shared.

use gilsim::profile::{Cost, Profile};
use gilsim::time::SimDuration;

use crate::play::{MS, Play, US};

const fn us(micros: u64) -> Cost {
    Cost(SimDuration::from_micros(micros))
}

/// Everything on the machine is free, and takes place on cores as it really does.
fn free_machine(profile: &mut Profile) {
    let machine = &mut profile.machine;
    (machine.wake_latency, machine.wake_latency_deep) = (us(0), us(0));
    (machine.wake_latency_same, machine.context_switch) = (us(0), us(0));
    (machine.interrupt, machine.wake_call, machine.timer_slack) = (us(0), us(0), us(0));
}

/// How much longer one coroutine takes, for what `change` makes dearer.
fn more_of_one(steps: &str, change: fn(&mut Profile)) -> u64 {
    let text = format!("machine.cores = 2\n[[tasks]]\nsteps = [{steps}]\n");
    let play = |change: fn(&mut Profile)| {
        let both = move |profile: &mut Profile| {
            free_machine(profile);
            change(profile);
        };
        Play::under("cpython-3.13", &text).with_profile(both).makespan("asyncio")
    };
    play(change) - play(|_| {})
}

/// `EpollSelector.select` rounds to 0.009 s, which is a little more than 9 ms as a float; 10 ms are not.
#[test]
fn a_poll_of_nine_milliseconds_takes_ten() {
    let lasts = |sleep: &str| {
        let text = format!("[[tasks]]\nsteps = [{{ wait = '{sleep}' }}]\n");
        let grain = |profile: &mut Profile| profile.machine.poll_granularity = us(1_000);
        Play::of(&text).with_profile(grain).makespan("asyncio")
    };
    assert_eq!(lasts("7500us"), 8 * MS);
    assert_eq!(lasts("8500us"), 10 * MS, "9 ms were asked for");
    assert_eq!(lasts("9500us"), 10 * MS);
    assert_eq!(lasts("12500us"), 14 * MS, "13 ms were asked for");
}

#[test]
fn an_event_loop_is_the_slower_the_longer_its_core_has_idled() {
    let cold = |profile: &mut Profile| profile.event_loop.cold = us(70);
    let more = |sleep: &str| more_of_one(&format!("{{ wait = '{sleep}' }}"), cold);
    assert_eq!(more("500us"), 0, "warm up to 1 ms");
    let half = more("4500us");
    assert!((30 * US..45 * US).contains(&half), "between 1 and 8 ms it cools: {half} ns");
    assert_eq!(more("20ms"), 70 * US);
    assert_eq!(more("500ms"), 70 * US, "colder than cold is none");
}

#[test]
fn computing_cools_half_as_fast_as_idling() {
    let cold = |profile: &mut Profile| profile.event_loop.cold = us(70);
    let more = |time: &str| more_of_one(&format!("{{ compute = '{time}' }}"), cold);
    assert_eq!(more("2ms"), 0);
    assert_eq!(more("9ms"), 35 * US, "as after 4.5 ms of idling");
    assert_eq!(more("20ms"), 70 * US);
    let pieces = "{ repeat = 10, steps = [{ compute = '2ms' }, { wait = '0s' }] }";
    assert_eq!(more_of_one(pieces, cold), 0, "the loop's own code has run in between");
}

#[test]
fn the_bookkeeping_of_a_pool_is_slower_on_a_cold_core() {
    let text = "machine.cores = 2\n[[tasks]]\nsteps = [{ wait = '20ms' }]\n";
    let takes = |tool: &str, change: fn(&mut Profile)| {
        let both = move |profile: &mut Profile| {
            free_machine(profile);
            change(profile);
        };
        Play::under("cpython-3.13", text).with_profile(both).makespan(tool)
    };
    let plain = takes("thread_pool", |_| {});
    // The worker wakes up from its wait, and so do the main thread at the result and whoever has something to do at the end.
    let more = takes("thread_pool", |profile| profile.thread_pool.cold = us(50)) - plain;
    assert!((50 * US..=150 * US).contains(&more), "{more} ns");
    let others = takes("thread_pool", |profile| profile.process_pool.cold = us(50)) - plain;
    assert_eq!(others, 0, "it is another pool's");
}

/// 2,048 coroutines are two doublings of 512. Their first steps come one after the other. So do their timers, two steps
/// apart: the last one's step comes when all others have ended.
#[test]
fn steps_cost_more_in_a_crowd_of_coroutines() {
    let more = |count: u32| {
        let text = format!("[[tasks]]\ncount = {count}\nsteps = [{{ wait = '1s' }}]\n");
        let level = |profile: &mut Profile| profile.event_loop.live_level = us(1);
        Play::of(&text).with_profile(level).makespan("asyncio") - 1_000 * MS
    };
    assert_eq!(more(512), 0);
    assert_eq!(more(768), 768 * US / 2, "half a doubling");
    assert_eq!(more(2_048), 2_048 * 2 * US);
}

#[test]
fn a_timer_costs_a_busy_core_time() {
    // Two sleepers wake up on the one core while a third computes there.
    let text = "machine.cores = 1\n[[tasks]]\ncount = 2\nsteps = [{ repeat = 10, steps = [{ wait = '1ms' }] }]\n\
                [[tasks]]\nsteps = [{ block = '0s' }, { compute = '50ms' }]\n";
    let takes = |cost: u64| {
        let change = move |profile: &mut Profile| {
            free_machine(profile);
            profile.machine.timer_call = us(cost);
        };
        Play::under("cpython-3.13t", text).with_profile(change).makespan("threading")
    };
    let more = takes(10) - takes(0);
    assert!((15 * 10 * US..=25 * 10 * US).contains(&more), "twenty sleeps: {more} ns");
}

/// Whoever joins a thread goes on while the kernel ends it, if there is a core for both.
#[test]
fn the_end_of_a_thread_keeps_its_core() {
    let more = |cores: u32| {
        let text = format!("machine.cores = {cores}\n[[tasks]]\nsteps = [{{ compute = '1ms' }}]\n");
        let takes = |cost: u64| {
            let change = move |profile: &mut Profile| {
                free_machine(profile);
                (profile.lock.retake, profile.thread.dispose) = (us(0), us(cost));
            };
            Play::under("cpython-3.13", &text).with_profile(change).makespan("threading")
        };
        takes(30) - takes(0)
    };
    assert_eq!(more(1), 30 * US);
    assert_eq!(more(2), 0);
}

/// One sentinel goes from worker to worker: they end one after the other.
#[test]
fn idle_workers_of_a_pool_end_one_after_the_other() {
    let takes = |workers: u32| {
        let text = format!(
            "machine.cores = 2\n[[tasks]]\ncount = {workers}\nsteps = [{{ wait = '50ms' }}]\n\
             [[tools]]\nuse = 'thread_pool'\nworkers = {workers}\n"
        );
        let change = |profile: &mut Profile| {
            free_machine(profile);
            profile.thread.exit = us(100);
        };
        Play::under("cpython-3.14", &text).with_profile(change).makespan("thread_pool")
    };
    let more = takes(40) - takes(20);
    assert!(more >= 20 * 100 * US, "{more} ns");
}

#[test]
fn a_large_item_pays_for_fresh_memory() {
    let text = |size: &str| {
        format!(
            "machine.cores = 2\n[[tasks]]\npayload = {{ send = '{size}' }}\nsteps = [{{ compute = '1ms' }}]\n"
        )
    };
    let more = |size: &str| {
        let fresh = |profile: &mut Profile| {
            profile.pickle.fresh_write_per_mib = 1 << 20;
            profile.pickle.fresh_read_per_mib = 2 << 20;
        };
        let makespan = |play: Play| play.makespan("multiprocessing_pool");
        makespan(Play::of(&text(size)).with_profile(fresh)) - makespan(Play::of(&text(size)))
    };
    assert_eq!(more("131071B"), 0);
    assert_eq!(more("131072B"), 3 * 131_072, "1 and 2 ns a byte, on either side");
}

#[test]
fn pickling_copies_the_pages_that_a_forked_child_shares() {
    let takes = |start: &str, cost: u64| {
        let text = format!(
            "machine.cores = 2\n[[tasks]]\npayload = {{ send = '44B', send_objects = 21 }}\n\
             steps = [{{ compute = '1ms' }}]\n[[tools]]\nuse = 'process_pool'\nstart = '{start}'\n"
        );
        let change = move |profile: &mut Profile| profile.process.fork.copies_per_object = us(cost);
        Play::of(&text).with_profile(change).makespan("process_pool")
    };
    assert_eq!(takes("fork", 3) - takes("fork", 0), 20 * 3 * US, "each object after the first");
    assert_eq!(takes("spawn", 3), takes("spawn", 0), "a new interpreter shares nothing");
}
