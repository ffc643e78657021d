//! The runs of a sweep without the sweep: lays each replicate out, plays it, sums it up, and prints how long that took.
//!
//! `cargo bench --bench engine_alone -- FILE LABEL REPLICATES` (`benches/sweep/efficiency.py` sets it beside `gilsim sweep`).

#![expect(clippy::print_stdout, reason = "what a benchmark found goes to stdout")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use gilsim::Prepared;
use gilsim::engine::simulate;
use gilsim::scenario::load;
use gilsim::sink::summary::Summary;

fn main() {
    // Cargo itself adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let [file, label, replicates] = arguments.as_slice() else {
        println!("usage: cargo bench --bench engine_alone -- FILE LABEL REPLICATES");
        return;
    };
    let replicates: u32 = replicates.parse().expect("REPLICATES is a number");
    let loaded = load(Path::new(file), &[]).unwrap_or_else(|faults| panic!("{faults}"));
    let scenario = loaded.scenario;
    let run = scenario.tools.iter().find(|run| run.label == *label).expect("LABEL is a tool");
    let begin = Instant::now();
    for replicate in 0..replicates {
        let plan = Prepared::new(&scenario, run, replicate).expect("its time can be counted").plan;
        let mut summary = Summary::counting_from(scenario.warm_up());
        let (_, totals) = simulate(&plan, &mut summary);
        black_box(summary.finish(&run.label, replicate, plan.machine.cores, &totals));
    }
    println!("{}", begin.elapsed().as_secs_f64());
}
