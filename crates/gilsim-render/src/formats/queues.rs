//! queues.csv as a text.

use std::io;

use gilsim_core::open::Queues;

/// queues.csv: how many were served and how many waited, on average over stretches of time; `runs` are labels with
/// what their runs left.
///
/// # Errors
/// None in practice: the text is made in memory.
pub fn csv(runs: &[(&str, &Queues)]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = ["tool", "replicate", "kind", "name", "start_ns", "end_ns", "busy", "waiting"];
    writer.write_record(columns)?;
    for (label, queues) in runs {
        for stretch in queues.stretches() {
            let busy = stretch.busy.map_or_else(String::new, |busy| busy.to_string());
            let waiting = stretch.waiting.to_string();
            let (start, end) = (stretch.start_ns.to_string(), stretch.end_ns.to_string());
            let kind = stretch.kind.name();
            writer.write_record([label, "0", kind, stretch.name, &start, &end, &busy, &waiting])?;
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
