//! The naive simulator against schedules worked out by hand.

use crate::world::{Mode, Played, Server, Site, Step, Task, Tool, World};
use Mode::{Held, Kept, Released};
use Step::{Acquire, Block, Compute, Get, Put, Release, Wait, Yield};

fn play(world: &World, tool: Tool) -> Played {
    crate::oracle::play_naively(world, tool).played()
}

fn spent(played: &Played, task: usize, state: &str) -> u64 {
    played.spent[task].get(state).copied().unwrap_or(0)
}

#[test]
fn sequential_time_is_the_sum() {
    let world = World::of(&[&[Wait(3), Compute(4, Held)], &[Compute(2, Kept), Block(1)]]);
    let played = play(&world, Tool::Sequential);
    assert_eq!(played.done, [7, 10]);
    assert_eq!(spent(&played, 1, "queued"), 7);
}

#[test]
fn threads_that_wait_overlap_and_those_that_compute_do_not() {
    let waiting = World::of(&[&[Wait(3)], &[Wait(7)], &[Wait(5)]]);
    assert_eq!(play(&waiting, Tool::Threading).done, [3, 7, 5]);
    let computing = World::of(&[&[Compute(6, Held)], &[Compute(6, Held)]]).on(4);
    assert_eq!(play(&computing, Tool::Threading).makespan, 12);
    assert_eq!(play(&computing, Tool::Multiprocessing).makespan, 6);
}

/// The first thread has the lock and the main thread asks for it back; at 5 it gets it, starts the second thread and
/// lets go. The first, which asked again at 5, is the longest waiter and goes on until 10, when the second's
/// patience ends; at 15 the first has had its 5 more.
#[test]
fn two_computing_threads_take_turns_after_the_rendezvous() {
    let world = World::of(&[&[Compute(15, Held)], &[Compute(10, Held)]]).on(2);
    let played = play(&world, Tool::Threading);
    assert_eq!(played.done, [20, 25]);
    assert_eq!(
        spent(&played, 1, "queued"),
        5,
        "the second is unborn until the main thread has the lock"
    );
    assert_eq!(spent(&played, 1, "lock_wait"), 10);
}

/// At 20 a core falls idle and takes the holder of the lock from the other's queue. It has been asked to give way, and
/// does so at once; the lock comes back to it at that instant, when its new core is taken. So it stands in the queue of
/// the first core when the slice there ends, and takes turns with the one that computes there.
#[test]
fn a_holder_that_gives_way_at_once_is_in_a_queue_before_slices_end() {
    let mut world = World::of(&[
        &[Compute(5, Held)],
        &[Compute(5, Held), Compute(12, Released)],
        &[Compute(15, Released)],
        &[Wait(1)],
        &[Wait(6), Compute(1, Released)],
    ])
    .on(2);
    world.tasks[0].arrive = 10;
    let played = play(&world, Tool::Threading);
    assert_eq!(played.done, [21, 22, 20, 6, 21]);
    assert_eq!(spent(&played, 0, "ready"), 6);
}

#[test]
fn a_kept_computation_is_not_interrupted() {
    let world = World::of(&[&[Compute(20, Kept), Compute(1, Held)], &[Compute(1, Held)]]).on(2);
    let played = play(&world, Tool::Threading);
    // At 20 the request is honoured; main starts the second thread and the first goes on.
    assert_eq!(played.done, [21, 22]);
}

#[test]
fn released_computations_overlap_on_cores_only() {
    let steps: &[Step] = &[Compute(8, Released)];
    let two = World::of(&[steps, steps]).on(2);
    assert_eq!(play(&two, Tool::Threading).done, [8, 8]);
    let one = World::of(&[steps, steps]).on(1);
    let played = play(&one, Tool::Threading);
    // 0-4 first, 4-8 second, 8-12 first, 12-16 second.
    assert_eq!(played.done, [12, 16]);
    assert_eq!(spent(&played, 0, "ready"), 4);
    assert_eq!(spent(&played, 0, "native"), 8);
}

#[test]
fn a_thread_that_wakes_beside_a_busy_one_waits_for_the_lock_first() {
    let world = World::of(&[&[Wait(2), Compute(1, Held)], &[Compute(20, Held)]]).on(2);
    let played = play(&world, Tool::Threading);
    // The main thread, which wants the lock back from 0 on, has it at 5 and joins the sleeper, which asked at 2.
    assert_eq!(played.done, [6, 21]);
    assert_eq!(spent(&played, 0, "lock_wait"), 3);
    assert_eq!(spent(&played, 1, "lock_wait"), 1);
}

#[test]
fn processes_share_cores_by_quanta() {
    let steps: &[Step] = &[Compute(6, Held)];
    let world = World::of(&[steps, steps, steps]).on(2);
    // Core 0: first 0-4, third 4-10. Core 1: second 0-6, then it takes the first, which has been ready since 4.
    let played = play(&world, Tool::Multiprocessing);
    assert_eq!(played.done, [8, 6, 10]);
    assert_eq!(spent(&played, 2, "ready"), 4);
}

#[test]
fn free_threads_run_in_parallel() {
    let steps: &[Step] = &[Compute(6, Held)];
    let world = World { lock: false, ..World::of(&[steps, steps]).on(2) };
    assert_eq!(play(&world, Tool::Threading).done, [6, 6]);
    assert_eq!(play(&world, Tool::ThreadPool(1)).done, [6, 12]);
}

#[test]
fn a_pool_of_one_is_a_queue() {
    let world = World {
        tasks: vec![
            Task { arrive: 0, steps: vec![Wait(5)] },
            Task { arrive: 2, steps: vec![Wait(5)] },
            Task { arrive: 20, steps: vec![Wait(1)] },
        ],
        ..World::of(&[])
    };
    for tool in
        [Tool::ThreadPool(1), Tool::ProcessPool(1), Tool::Sequential, Tool::Asyncio(Some(1))]
    {
        assert_eq!(play(&world, tool).done, [5, 10, 21], "{tool:?}");
    }
}

#[test]
fn connections_are_taken_in_turn() {
    let steps: &[Step] = &[Step::Site(0)];
    let world = World {
        sites: vec![Site { latency: 3, connections: Some(2), server: Server::default() }],
        ..World::of(&[steps, steps, steps])
    };
    for tool in [Tool::Threading, Tool::Asyncio(None), Tool::Multiprocessing] {
        let played = play(&world, tool);
        assert_eq!(played.done, [3, 3, 6], "{tool:?}");
        assert_eq!(spent(&played, 2, "sync"), 3, "{tool:?}");
    }
}

#[test]
fn a_blocking_call_stalls_the_loop() {
    let world = World::of(&[&[Wait(2), Block(10)], &[Wait(3), Compute(1, Held)]]);
    let played = play(&world, Tool::Asyncio(None));
    assert_eq!(played.done, [12, 13]);
    assert_eq!(spent(&played, 1, "suspended"), 3);
    assert_eq!(spent(&played, 1, "ready"), 9);
}

#[test]
fn a_semaphore_of_threads_may_be_barged_and_one_of_coroutines_may_not() {
    let greedy: &[Step] = &[Acquire(0), Wait(3), Release(0), Acquire(0), Wait(3), Release(0)];
    let world = World { semaphores: vec![1], ..World::of(&[greedy, &[Acquire(0), Release(0)]]) };
    assert_eq!(play(&world, Tool::Threading).done, [6, 6]);
    assert_eq!(play(&world, Tool::Asyncio(None)).done, [6, 3]);
}

#[test]
fn a_queue_couples_producer_and_consumer() {
    let world = World {
        queues: vec![1],
        ..World::of(&[&[Put(0), Put(0), Put(0)], &[Wait(4), Get(0), Wait(4), Get(0), Get(0)]])
    };
    for tool in [Tool::Threading, Tool::Asyncio(None)] {
        assert_eq!(play(&world, tool).done, [8, 8], "{tool:?}");
    }
}

#[test]
fn waiting_for_what_never_comes_is_a_deadlock() {
    let world = World { queues: vec![0], ..World::of(&[&[Get(0)]]) };
    for tool in [Tool::Sequential, Tool::Threading, Tool::Asyncio(None), Tool::ProcessPool(1)] {
        assert_eq!(
            crate::oracle::play_naively(&world, tool),
            crate::world::Ending::Deadlocked,
            "{tool:?}"
        );
    }
}

#[test]
fn a_yield_lets_the_other_thread_run() {
    let turns: &[Step] = &[Wait(1), Compute(1, Held), Yield, Compute(1, Held)];
    let played = play(&World::of(&[turns, turns]), Tool::Threading);
    // Without it the first would run from 1 to 3.
    assert_eq!(played.done, [4, 5]);
    let played = play(&World::of(&[turns, turns]), Tool::Asyncio(None));
    assert_eq!(played.done, [4, 5]);
}

#[test]
fn equal_tasks_scale_to_the_lesser_of_workers_and_cores() {
    let steps: &[Step] = &[Compute(100, Held)];
    for (workers, cores) in [(1, 4), (2, 4), (3, 3), (4, 4), (8, 8), (8, 4), (12, 2), (24, 1)] {
        let world = World::of(&[steps; 24]).on(cores);
        let expected = 2400 / u64::from(workers).min(cores as u64);
        let pool = play(&world, Tool::ProcessPool(workers));
        assert_eq!(pool.makespan, expected, "{workers} processes on {cores} cores");
        let free = World { lock: false, ..world };
        let pool = play(&free, Tool::ThreadPool(workers));
        assert_eq!(pool.makespan, expected, "{workers} free threads on {cores} cores");
    }
}
