//! The rows of a run, from top to bottom: workers by process with their coroutines and locks, resources, sites.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Run;
use super::encode::{Kinds, encode, encode_level};
use crate::chart::clean;
use crate::lanes::{LockRecord, Piece, Sort};
use gilsim_core::ids::{ProcessId, ThreadId};

/// Everything that the script has to know of a run.
pub(super) fn of(run: &Run<'_>) -> Value {
    let mut rows = Rows { kinds: Kinds::default(), list: Vec::new() };
    rows.workers(run);
    rows.resources(run);
    rows.sites(run);
    let kinds: Vec<_> =
        rows.kinds.list.iter().map(|(state, name)| json!([*state as usize, name.0])).collect();
    json!({
        "label": clean(run.label),
        "note": clean(run.note),
        "makespan": run.recorded.makespan,
        "deadlocked": run.deadlocked,
        "names": run.names.iter().map(clean).collect::<Vec<_>>(),
        "kinds": kinds,
        "rows": rows.list,
    })
}

struct Rows {
    kinds: Kinds,
    list: Vec<Value>,
}

impl Rows {
    fn heading(&mut self, text: &str) {
        self.list.push(json!({ "heading": text }));
    }

    /// A lane of bars. `sort` says what its bars are called after: their work, or their thread.
    fn lane(&mut self, label: &str, sort: &str, pieces: &[Piece]) {
        let data = encode(pieces, &mut self.kinds);
        let count = pieces.len();
        self.list.push(json!({ "label": label, "sort": sort, "count": count, "data": data }));
    }

    fn workers(&mut self, run: &Run<'_>) {
        let lanes = &run.every.lanes;
        let mut processes: BTreeSet<ProcessId> =
            lanes.threads.iter().map(|thread| thread.process).collect();
        processes.insert(ProcessId::MAIN);
        let several = processes.len() > 1;
        for process in processes {
            self.heading(&if several {
                format!("process {}", process.0)
            } else {
                "workers".to_owned()
            });
            for own in lanes.threads.iter().filter(|thread| thread.process == process) {
                self.lane(&own.thread.name(), "thread", &own.pieces);
                // The loop of coroutines is run by the main thread.
                if own.thread == ThreadId::MAIN {
                    for coroutine in &lanes.coroutines {
                        let label = format!("task {}", coroutine.task.0);
                        self.lane(&label, "task", &coroutine.pieces);
                    }
                }
            }
            if several {
                self.locks(run, Some(process));
            }
        }
        self.heading("resources");
        if !several {
            self.locks(run, None);
        }
    }

    /// The locks of a process, or all; those that were held for no time only beside later ones that were.
    fn locks(&mut self, run: &Run<'_>, process: Option<ProcessId>) {
        let locks = &run.every.lanes.locks;
        let end = locks.iter().rposition(|lock| lock.pieces.is_some()).map_or(0, |last| last + 1);
        let of_process = |lock: &&LockRecord| process.is_none_or(|it| it == lock.process);
        let locks: Vec<_> = locks[..end].iter().filter(of_process).collect();
        for (index, lock) in locks.iter().enumerate() {
            let label = if locks.len() > 1 { format!("GIL {index}") } else { "GIL".to_owned() };
            self.lane(&label, "lock", lock.pieces.as_deref().unwrap_or_default());
        }
    }

    fn resources(&mut self, run: &Run<'_>) {
        let cores = &run.every.lanes.cores;
        for (core, pieces) in cores {
            self.lane(&format!("core {}", core.0), "core", pieces);
        }
        let (_, left_out) = run.every.left_out(Sort::Core);
        match (run.cores as usize).saturating_sub(cores.len() + left_out) {
            0 => {}
            1 => self.list.push(json!({ "remark": "1 more core is never used" })),
            unused => {
                self.list.push(json!({ "remark": format!("{unused} more cores are never used") }));
            }
        }
    }

    fn sites(&mut self, run: &Run<'_>) {
        let sites = run.recorded.sites.iter().zip(&run.every.sites);
        let busy = sites.filter(|(_, changes)| !changes.is_empty());
        for (index, ((name, _), changes)) in busy.enumerate() {
            if index == 0 {
                self.heading("sites: requests in flight");
            }
            let label = clean(run.names.get(*name));
            let data = encode_level(changes);
            self.list.push(
                json!({ "label": label, "sort": "level", "count": changes.len(), "data": data }),
            );
        }
    }
}
