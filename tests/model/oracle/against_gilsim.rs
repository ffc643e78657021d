//! The engine against the naive simulator: the same makespan, completions and time in each state.

use proptest::prelude::*;

use crate::config::config;
use crate::play::{MS, run, scenario};
use crate::world::{Ending, Mode, Played, Step, Tool, World};
use crate::worlds::{Case, Reach, Room, closed_worlds, cut_in_two, tools, worlds};
use gilsim::trace::Outcome;

/// What gilsim makes of the case; none where it deadlocks.
fn gilsim(case: &Case) -> Ending {
    let scenario = scenario(&case.world.toml(&[case.tool]));
    let run = run(&scenario, &scenario.tools[0]);
    if matches!(run.outcome, Outcome::Deadlocked(_)) {
        return Ending::Deadlocked;
    }
    let tasks = u32::try_from(case.world.tasks.len()).expect("few tasks");
    let spent = |task| run.spent(task).into_iter().map(|(state, time)| (state, exact_ms(time)));
    Ending::Finished(Played {
        makespan: exact_ms(run.totals.makespan.as_nanos()),
        done: run.done().into_iter().map(exact_ms).collect(),
        spent: (0..tasks).map(|task| spent(task).collect()).collect(),
    })
}

fn exact_ms(nanos: u64) -> u64 {
    assert_eq!(nanos % MS, 0, "whole milliseconds in, whole milliseconds out");
    nanos / MS
}

/// Tasks of a process pool arrive at once where they share cores: what crosses the parent's threads at the very instant at
/// which a worker ends or another process wakes up has no order that the documents fix. With cores of their own they
/// arrive when they like and share nothing, or all at once. Those that arrive at once take time each: who
/// wants a second item at one instant may find the call queue dry, which the naive pool does not have, and nothing says
/// whether it goes before another worker that was woken at that instant.
fn cases(reach: Reach, room: Room) -> impl Strategy<Value = Case> {
    (worlds(reach, room), tools()).prop_map(move |(mut world, tool)| {
        if matches!(tool, Tool::ProcessPool(_)) {
            if matches!(room, Room::Enough) {
                share_nothing_over_time(&mut world);
            } else {
                all_at_once(&mut world);
            }
        }
        Case { world, tool }
    })
}

fn share_nothing_over_time(world: &mut World) {
    if world.tasks.iter().all(|task| task.arrive == 0) {
        return all_at_once(world);
    }
    world.sites.iter_mut().for_each(|site| site.connections = None);
    for task in &mut world.tasks {
        let shares = |step: &Step| {
            !matches!(
                step,
                Step::Wait(_) | Step::Block(_) | Step::Site(_) | Step::Compute(..) | Step::Yield
            )
        };
        task.steps.retain(|step| !shares(step));
        if task.steps.is_empty() {
            task.steps.push(Step::Wait(1));
        }
    }
}

fn all_at_once(world: &mut World) {
    for task in &mut world.tasks {
        task.arrive = 0;
        if !task.steps.iter().any(takes_time) {
            task.steps.push(Step::Compute(1, Mode::Held));
        }
    }
}

const fn takes_time(step: &Step) -> bool {
    match step {
        Step::Wait(time) | Step::Block(time) | Step::Compute(time, _) => *time > 0,
        Step::Site(_) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn threads_with_cores_of_their_own_play_naively(
        case in cases(Reach::Shared, Room::Enough)
    ) {
        prop_assert_eq!(gilsim(&case), crate::oracle::play_naively(&case.world, case.tool));
    }

    #[test]
    fn threads_that_queue_for_cores_play_naively(case in cases(Reach::Shared, Room::Crowded)) {
        prop_assert_eq!(gilsim(&case), crate::oracle::play_naively(&case.world, case.tool));
    }

    #[test]
    fn threads_that_share_cores_by_quanta_play_naively(case in cases(Reach::Plain, Room::Quanta)) {
        prop_assert_eq!(gilsim(&case), crate::oracle::play_naively(&case.world, case.tool));
    }

    #[test]
    fn threads_that_share_quanta_and_semaphores_play_naively(
        case in cases(Reach::Shared, Room::Quanta)
    ) {
        prop_assert_eq!(gilsim(&case), crate::oracle::play_naively(&case.world, case.tool));
    }

    #[test]
    fn tasks_that_clients_send_play_naively(
        (world, tool) in (closed_worlds(Reach::Shared, Room::Crowded), tools())
    ) {
        let case = Case { world, tool };
        prop_assume!(!matches!(tool, Tool::ProcessPool(_)));
        prop_assert_eq!(gilsim(&case), crate::oracle::play_naively(&case.world, case.tool));
    }

    #[test]
    fn a_held_computation_cut_in_two_plays_as_one(case in cases(Reach::Shared, Room::Quanta)) {
        let cut = Case { world: cut_in_two(&case.world), tool: case.tool };
        prop_assert_eq!(gilsim(&cut), gilsim(&case));
    }
}
