//! What holds for every scenario under every tool.

mod audit;
mod laws;
pub mod wild;

use std::sync::Arc;

use gilsim::time::SimTime;
use gilsim::trace::Row;
use proptest::prelude::*;

use crate::config::config;
use crate::play::{run, scenario};
use wild::{Chance, scenarios};

fn profiles() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => Just("ideal"),
        2 => Just("cpython-3.12"),
        1 => Just("cpython-3.13t"),
        1 => Just("cpython-3.13"),
        1 => Just("cpython-3.9"),
    ]
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn every_tool_finishes_or_names_its_deadlock_and_breaks_no_law(
        wild in scenarios(Chance::Random), profile in profiles()
    ) {
        let scenario = scenario(&wild.toml(profile, 1));
        let tasks: u32 = scenario.tasks.iter().map(|entry| entry.count).sum();
        for tool in &scenario.tools {
            let (run, findings) = audit::audited(&scenario, tool);
            let label = &tool.label;
            prop_assert!(findings.is_empty(), "{label} under {profile}: {findings:?}");
            prop_assert!(laws::ends_properly(&run, tasks as usize), "{label}: {:?}", run.outcome);
            prop_assert_eq!(
                laws::broken(&run, tool.setting.machine.cores), None, "{} under {}", label, profile
            );
        }
    }

    #[test]
    fn a_kernel_that_wakes_in_place_breaks_the_law_of_idle_cores_only(
        wild in scenarios(Chance::Random), profile in profiles()
    ) {
        let mut scenario = scenario(&wild.toml(profile, 1));
        for tool in &mut scenario.tools {
            let profile = Arc::make_mut(&mut tool.setting.interpreter.profile);
            profile.machine.wakes_in_place = true;
        }
        let tasks: u32 = scenario.tasks.iter().map(|entry| entry.count).sum();
        for tool in &scenario.tools {
            let (run, findings) = audit::audited(&scenario, tool);
            prop_assert!(findings.is_empty(), "{} under {profile}: {findings:?}", tool.label);
            prop_assert!(laws::ends_properly(&run, tasks as usize), "{}: {:?}", tool.label, run.outcome);
        }
    }

    #[test]
    fn the_same_input_gives_the_same_rows(wild in scenarios(Chance::Random), profile in profiles()) {
        let text = wild.toml(profile, 1);
        let (first, second) = (scenario(&text), scenario(&text));
        for (tool, again) in first.tools.iter().zip(&second.tools) {
            prop_assert_eq!(run(&first, tool), run(&second, again), "{} under {}", tool.label, profile);
        }
    }

    #[test]
    fn all_durations_times_k_make_all_times_times_k(wild in scenarios(Chance::Exact), k in 2..=9_u64) {
        let (once, scaled) = (scenario(&wild.toml("ideal", 1)), scenario(&wild.toml("ideal", k)));
        let stretch = |instant: SimTime| SimTime::from_nanos(instant.as_nanos() * k);
        for (tool, longer) in once.tools.iter().zip(&scaled.tools) {
            let (run_once, run_scaled) = (run(&once, tool), run(&scaled, longer));
            let stretched: Vec<Row> = run_once
                .heard
                .rows
                .iter()
                .map(|row| Row { start: stretch(row.start), end: stretch(row.end), ..*row })
                .collect();
            prop_assert_eq!(stretched, run_scaled.heard.rows, "{} times {}", tool.label, k);
            prop_assert_eq!(run_once.totals.makespan * k, run_scaled.totals.makespan);
        }
    }
}
