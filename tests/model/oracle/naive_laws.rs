//! The naive simulator itself over random worlds: what must hold whatever the order at one instant.

use proptest::prelude::*;

use crate::config::config;
use crate::oracle::play_naively;
use crate::world::{Ending, Mode, Server, Step, Tool, World};
use crate::worlds::{Case, Reach, Room, cut_in_two, tools, worlds};

/// The time that a task's steps take by themselves in a state.
fn demand(world: &World, task: usize, state: &str) -> u64 {
    let time_in = |step: &Step| match *step {
        Step::Compute(time, Mode::Released) if state == "native" => time,
        Step::Compute(time, Mode::Held | Mode::Kept) if state == "running" => time,
        Step::Wait(time) | Step::Block(time) if state == "io" => time,
        Step::Site(site) if state == "io" => world.sites[site].latency,
        _ => 0,
    };
    world.tasks[task].steps.iter().map(time_in).sum()
}

fn crowded_or_not() -> impl Strategy<Value = World> {
    prop_oneof![
        worlds(Reach::Shared, Room::Enough),
        worlds(Reach::Shared, Room::Crowded),
        worlds(Reach::Shared, Room::Quanta),
    ]
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn states_add_up_and_computations_are_delivered(
        world in crowded_or_not(), tool in tools()
    ) {
        let case = Case { world, tool };
        let Ending::Finished(played) = play_naively(&case.world, tool) else { return Ok(()) };
        prop_assert_eq!(played.makespan, *played.done.iter().max().expect("there are tasks"), "{:?}", case);
        for (task, spent) in played.spent.iter().enumerate() {
            let response = played.done[task] - case.world.tasks[task].arrive;
            prop_assert_eq!(spent.values().sum::<u64>(), response, "task {} of {:?}", task, case);
            for state in ["running", "native"] {
                let had = spent.get(state).copied().unwrap_or(0);
                prop_assert_eq!(had, demand(&case.world, task, state), "task {} of {:?}", task, case);
            }
            if !matches!(tool, Tool::Asyncio(_)) {
                let had = spent.get("io").copied().unwrap_or(0);
                let asked = demand(&case.world, task, "io");
                // Connections that have to be made and servers under load take longer.
                let is_fast = case.world.sites.iter().all(|site| site.server == Server::default());
                prop_assert!(had >= asked && (had == asked || !is_fast), "task {} of {:?}", task, case);
            }
        }
    }

    #[test]
    fn a_held_computation_cut_in_two_plays_as_one(world in crowded_or_not(), tool in tools()) {
        let case = Case { world, tool };
        let cut = play_naively(&cut_in_two(&case.world), tool);
        prop_assert_eq!(cut, play_naively(&case.world, tool), "{:?}", case);
    }

    #[test]
    fn tools_that_come_to_one_worker_agree(world in worlds(Reach::Plain, Room::Quanta)) {
        let sequential = play_naively(&world, Tool::Sequential);
        for tool in [Tool::ThreadPool(1), Tool::ProcessPool(1)] {
            let case = Case { world: world.clone(), tool };
            prop_assert_eq!(&done(play_naively(&world, tool)), &done(sequential.clone()), "{:?}", case);
        }
    }

    #[test]
    fn a_lock_never_helps_processes_and_never_hurts_them(world in worlds(Reach::Plain, Room::Quanta)) {
        let free = World { lock: false, ..world.clone() };
        let locked = World { lock: true, ..world };
        prop_assert_eq!(
            play_naively(&free, Tool::Multiprocessing),
            play_naively(&locked, Tool::Multiprocessing)
        );
    }
}

fn done(ending: Ending) -> Vec<u64> {
    ending.played().done
}
