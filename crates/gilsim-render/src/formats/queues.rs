//! queues.csv as a text.

use crate::table::Table;
use gilsim_core::open::Queues;

/// queues.csv: how many were served and how many waited, on average over stretches of time; `runs` are labels with
/// what their runs left.
pub fn csv(runs: &[(&str, &Queues)]) -> Vec<u8> {
    let columns = ["tool", "replicate", "kind", "name", "start_ns", "end_ns", "busy", "waiting"];
    let mut table = Table::with_texts(columns.len(), columns);
    for (label, queues) in runs {
        for stretch in queues.stretches() {
            let busy = stretch.busy.map_or_else(String::new, |busy| busy.to_string());
            let waiting = stretch.waiting.to_string();
            let (start, end) = (stretch.start_ns.to_string(), stretch.end_ns.to_string());
            let kind = stretch.kind.name();
            table.push([label, "0", kind, stretch.name, &start, &end, &busy, &waiting]);
        }
    }
    table.csv()
}
