//! The engine against the naive simulator: the same makespan, completions and time in each state.

use proptest::prelude::*;

use crate::config::config;
use crate::play::{MS, run, scenario};
use crate::world::{Ending, Played, Step, Tool};
use crate::worlds::{Case, Reach, tools, worlds};
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

fn cases(reach: Reach) -> impl Strategy<Value = Case> {
    (worlds(reach), tools())
        .prop_map(|(world, tool)| Case { world, tool })
        .prop_filter("who is first of equals", |case| !is_open(case))
}

/// Whether the documents leave open who goes first: items submitted at one instant reach the workers of a
/// process pool through a manager and a feeder, which the naive pool does without. Which of the idle
/// workers gets which item then decides who is first at something that they share.
fn is_open(case: &Case) -> bool {
    let shares = case.world.tasks.iter().flat_map(|task| &task.steps).any(Step::is_shared);
    matches!(case.tool, Tool::ProcessPool(_)) && shares
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn plain_worlds_play_as_the_naive_simulator_plays_them(case in cases(Reach::Plain)) {
        prop_assert_eq!(gilsim(&case), crate::play_naively(&case.world, case.tool));
    }

    #[test]
    fn worlds_with_shared_things_play_as_the_naive_simulator_plays_them(case in cases(Reach::Shared)) {
        prop_assert_eq!(gilsim(&case), crate::play_naively(&case.world, case.tool));
    }
}
