//! The runs of a sweep without the sweep: lays each replicate out, plays it, sums it up, and prints how long that took.
//!
//! `cargo bench --bench engine_alone -- FILE LABEL REPLICATES` (`benches/sweep/efficiency.py` sets it beside `gilsim sweep`).

#![expect(clippy::print_stdout, reason = "what a benchmark found goes to stdout")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use gilsim::{load, run};

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
    let tool = scenario.tools.iter().find(|tool| tool.label == *label).expect("LABEL is a tool");
    let begin = Instant::now();
    for replicate in 0..replicates {
        black_box(run(&scenario, tool, replicate).expect("its time can be counted"));
    }
    println!("{}", begin.elapsed().as_secs_f64());
}
