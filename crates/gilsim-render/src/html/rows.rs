//! The rows of a run, from top to bottom: workers by process with their coroutines and locks, resources, sites.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Run;
use super::lane::{Kinds, Piece, encode, encode_level};
use crate::chart::{clean, thread_name};
use gilsim_core::ids::{LockId, ProcessId, ThreadId};

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
        let recorded = run.recorded;
        let threads = (0..recorded.threads.pieces.len()).map(ThreadId::at);
        let seen = threads.filter(|thread| !recorded.threads.pieces[thread.index()].is_empty());
        let seen: Vec<_> = seen.map(|thread| (recorded.process(thread), thread)).collect();
        let mut processes: BTreeSet<ProcessId> = seen.iter().map(|(process, _)| *process).collect();
        processes.insert(ProcessId::MAIN);
        let several = processes.len() > 1;
        for process in processes {
            self.heading(&if several {
                format!("process {}", process.0)
            } else {
                "workers".to_owned()
            });
            for (_, thread) in seen.iter().filter(|(own, _)| *own == process) {
                let pieces = &recorded.threads.pieces[thread.index()];
                self.lane(&thread_name(*thread), "thread", pieces);
                // The loop of coroutines is run by the main thread.
                if *thread == ThreadId::MAIN {
                    let tasks = recorded.tasks.pieces.iter().enumerate();
                    for (task, pieces) in tasks.filter(|(_, pieces)| !pieces.is_empty()) {
                        self.lane(&format!("task {task}"), "task", pieces);
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

    /// The locks of a process, or all.
    fn locks(&mut self, run: &Run<'_>, process: Option<ProcessId>) {
        let recorded = run.recorded;
        let of_process = |holder: ThreadId| process.is_none_or(|it| it == recorded.process(holder));
        let locks: Vec<LockId> = recorded
            .first_holders
            .iter()
            .filter(|(lock, holder)| {
                of_process(**holder) && lock.index() < recorded.locks.pieces.len()
            })
            .map(|(lock, _)| *lock)
            .collect();
        for (index, lock) in locks.iter().enumerate() {
            let label = if locks.len() > 1 { format!("GIL {index}") } else { "GIL".to_owned() };
            self.lane(&label, "lock", &recorded.locks.pieces[lock.index()]);
        }
    }

    fn resources(&mut self, run: &Run<'_>) {
        let cores = &run.recorded.cores.pieces;
        for (core, pieces) in cores.iter().enumerate().filter(|(_, pieces)| !pieces.is_empty()) {
            self.lane(&format!("core {core}"), "core", pieces);
        }
        let used = cores.iter().filter(|pieces| !pieces.is_empty()).count();
        let unused = (run.cores as usize).saturating_sub(used + run.recorded.cores.left_out());
        match unused {
            0 => {}
            1 => self.list.push(json!({ "remark": "1 more core is never used" })),
            _ => self.list.push(json!({ "remark": format!("{unused} more cores are never used") })),
        }
    }

    fn sites(&mut self, run: &Run<'_>) {
        let busy = run.recorded.sites.iter().filter(|(_, changes)| !changes.is_empty());
        for (index, (name, changes)) in busy.enumerate() {
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
