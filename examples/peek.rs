use gilsim::trace::*;
struct Print<'a>(&'a Names);
impl Sink for Print<'_> {
    fn row(&mut self, r: &Row) {
        println!(
            "{:?} s{} {} {:?} {}..{} p{:?} t{:?} c{:?}",
            r.task.map(|t| t.0),
            r.step,
            r.state.name(),
            self.0.get(r.name),
            r.start.as_nanos() as f64 / 1e6,
            r.end.as_nanos() as f64 / 1e6,
            r.process.map(|t| t.0),
            r.thread.map(|t| t.0),
            r.core.map(|t| t.0)
        );
    }
    fn finished(&mut self, f: &Finished) {
        println!("   done {:?} {}", f.task, f.done.as_nanos() as f64 / 1e6);
    }
}
struct Quiet(Vec<u64>);
impl Sink for Quiet {
    fn row(&mut self, _: &Row) {}
    fn finished(&mut self, f: &Finished) {
        self.0.push((f.done - f.arrived).as_nanos())
    }
}
fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap();
    let sets: Vec<String> = args.collect();
    let quiet = sets.iter().any(|s| s == "-q");
    let sets: Vec<String> = sets.into_iter().filter(|s| s != "-q").collect();
    let loaded = match gilsim::scenario::load(std::path::Path::new(&path), &sets) {
        Ok(l) => l,
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(2)
        }
    };
    for tool in &loaded.scenario.tools {
        let plan = gilsim::tools::lay_out(&loaded.scenario, tool, 0).unwrap();
        println!("== {}", tool.label);
        let mut q = Quiet(vec![]);
        let (o, t) = if quiet {
            gilsim::engine::simulate(&plan, &mut q)
        } else {
            gilsim::engine::simulate(&plan, &mut Print(&plan.names))
        };
        let mean = q.0.iter().sum::<u64>() as f64 / q.0.len().max(1) as f64 / 1e6;
        println!(
            "{} {o:?} makespan {} ms mean {} switches {} threads {} procs {}",
            tool.label,
            t.makespan.as_nanos() as f64 / 1e6,
            mean,
            t.switches,
            t.threads,
            t.processes
        );
    }
}
