//! Little's law, as the identity that it is over a whole run: the number of tasks in the system, integrated over time,
//! is the sum of their times in it.

use proptest::prelude::*;

use gilsim::model::Horizon;
use gilsim::open::Queues;
use gilsim::time::SimTime;
use gilsim::trace::State;

use crate::config::config;
use crate::play::{Run, plan, play, run, scenario};
use crate::worlds::{Case, Reach, Room, tools, worlds};

/// The integral of the number of tasks that have a row, from the rows alone.
fn area(run: &Run) -> u64 {
    let rows = run.heard.rows.iter().filter(|row| row.task.is_some());
    let mut changes: Vec<(u64, i64)> =
        rows.flat_map(|row| [(row.start.as_nanos(), 1), (row.end.as_nanos(), -1)]).collect();
    changes.sort_unstable();
    let mut present = 0;
    let mut area = 0;
    for pair in changes.windows(2) {
        present += pair[0].1;
        area +=
            u64::try_from(present).expect("rows begin before they end") * (pair[1].0 - pair[0].0);
    }
    area
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn tasks_present_over_time_add_up_to_their_responses(
        world in worlds(Reach::Plain, Room::Quanta), tool in tools()
    ) {
        let case = Case { world, tool };
        let scenario = scenario(&case.world.toml(&[tool]));
        let run = run(&scenario, &scenario.tools[0]);
        prop_assert_eq!(area(&run), run.responses().iter().sum::<u64>(), "{:?}", case);
    }

    #[test]
    fn queues_over_time_add_up_to_responses_and_waits(
        world in worlds(Reach::Plain, Room::Quanta), tool in tools(), until in 1..100_000_000_u64
    ) {
        let case = Case { world, tool };
        let scenario = scenario(&case.world.toml(&[tool]));
        let plan = plan(&scenario, &scenario.tools[0]);
        let (until, warm_up) = (SimTime::from_nanos(until), SimTime::from_nanos(until / 3));
        let mut queues = Queues::new(&plan, Horizon { until, warm_up });
        let run = play(&plan, &mut queues);
        prop_assert_eq!(queues.system_area(), u128::from(run.responses().iter().sum::<u64>()), "{:?}", case);
        for site in &plan.sites {
            let rows = run.heard.rows.iter().filter(|row| row.task.is_some() && row.name == site.name);
            let waits = |state: State| state == State::Io || state == State::Suspended;
            let answered = rows.filter(|row| waits(row.state)).map(|row| u128::from(row.length().as_nanos()));
            let (served, _) = queues.site_areas(plan.names.get(site.name)).unwrap_or_default();
            prop_assert_eq!(served, answered.sum::<u128>(), "{:?}", case);
        }
    }
}
