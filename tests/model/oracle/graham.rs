//! Workers with processors of their own are Graham's list scheduling, never worse than (2 − 1/m) times the best schedule.

use proptest::prelude::*;

use crate::config::config;
use crate::play::{MS, Play};

/// Each time in turn goes to the machine that is free first.
fn list_schedule(times: &[u64], machines: usize) -> u64 {
    let mut free = vec![0; machines];
    for time in times {
        *free.iter_mut().min().expect("there is a machine") += time;
    }
    free.into_iter().max().expect("there is a machine")
}

/// The shortest of all schedules, by trying every machine for every time.
fn best_schedule(times: &[u64], loads: &mut [u64]) -> u64 {
    let Some((first, rest)) = times.split_first() else {
        return *loads.iter().max().expect("there is a machine");
    };
    let mut best = u64::MAX;
    for machine in 0..loads.len() {
        loads[machine] += first;
        best = best.min(best_schedule(rest, loads));
        loads[machine] -= first;
    }
    best
}

fn scenario(times: &[u64], machines: usize) -> String {
    let cycle: Vec<String> = times.iter().map(|time| format!("\"{time}ms\"")).collect();
    format!(
        "[machine]\ncores = {machines}\n\
         [[tasks]]\ncount = {}\nsteps = [{{ compute = {{ cycle = [{}] }} }}]\n\
         [[tools]]\nuse = \"process_pool\"\nworkers = {machines}\n\
         [[tools]]\nuse = \"multiprocessing_pool\"\nworkers = {machines}\nchunk = 1\n\
         [[tools]]\nuse = \"interpreter_pool\"\nworkers = {machines}\n\
         [[tools]]\nuse = \"thread_pool\"\nworkers = {machines}\ninterpreter = {{ lock = false }}\n",
        times.len(),
        cycle.join(", ")
    )
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn workers_on_cores_of_their_own_are_list_scheduling(
        times in proptest::collection::vec(1..=40_u64, 1..=8), machines in 1..=4_usize
    ) {
        let text = scenario(&times, machines);
        let play = Play::of(&text);
        let listed = list_schedule(&times, machines);
        for tool in ["process_pool", "multiprocessing_pool", "interpreter_pool", "thread_pool"] {
            prop_assert_eq!(play.makespan(tool), listed * MS, "{} in {}", tool, text);
        }
        let m = machines as u64;
        let best = best_schedule(&times, &mut vec![0; machines]);
        prop_assert!(play.makespan("process_pool") * m <= (2 * m - 1) * best * MS, "{}", text);
    }
}

/// The case in which the bound is reached: m(m − 1) short tasks first, then one that takes m.
#[test]
fn the_worst_list_reaches_grahams_bound() {
    for machines in 2..=4 {
        let m = machines as u64;
        let mut times = vec![1; machines * (machines - 1)];
        times.push(m);
        let play = Play::of(&scenario(&times, machines));
        assert_eq!(play.makespan("process_pool"), (2 * m - 1) * MS);
        assert_eq!(
            best_schedule(&[vec![m], vec![1; machines]].concat(), &mut vec![0; machines]),
            m
        );
    }
}
