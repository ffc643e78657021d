//! Tasks that come after others.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::After;
use crate::time::SimTime;
use crate::trace::Finished;
use crate::workload::Workload;

use super::{AuditSetting, Findings, Law};

/// Tasks that come after others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Followed {
    /// Their numbers.
    pub tasks: Range<u32>,
    /// The numbers of those that they wait for.
    pub others: Range<u32>,
    /// Whether each waits for one, the first for the first and so on, instead of for all.
    pub one_by_one: bool,
}

impl Followed {
    /// Those of a workload.
    pub fn all(workload: &Workload) -> Vec<Self> {
        let entries = 0..workload.entry_count();
        let all = entries.filter_map(|entry| {
            let after = workload.after(entry)?;
            let (tasks, others) = (workload.numbers_of(entry), workload.numbers_of(after.entry()));
            Some(Self { tasks, others, one_by_one: matches!(after, After::Each(_)) })
        });
        all.collect()
    }

    fn awaited(&self, task: u32) -> Range<u32> {
        if !self.one_by_one {
            return self.others.clone();
        }
        let one = self.others.start + (task - self.tasks.start);
        one..one + 1
    }
}

/// No task arrives before what it waits for is done.
pub(super) fn followers(lives: &[Finished], setting: &AuditSetting<'_>, found: &mut Findings) {
    if setting.followers.is_empty() {
        return;
    }
    let done: BTreeMap<u32, SimTime> = lives.iter().map(|it| (it.task.0, it.done)).collect();
    for followed in &setting.followers {
        // When the last of them was done; nothing if one never was.
        let last = |others: Range<u32>| -> Option<SimTime> {
            others
                .map(|task| done.get(&task).copied())
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .max()
        };
        let all = if followed.one_by_one { None } else { last(followed.others.clone()) };
        for life in lives.iter().filter(|it| followed.tasks.contains(&it.task.0)) {
            let last = if followed.one_by_one { last(followed.awaited(life.task.0)) } else { all };
            if last.is_none_or(|last| last > life.arrived) {
                let (task, at) = (life.task.0, life.arrived.as_nanos());
                let message =
                    || format!("task {task} arrives at {at} ns, before what it waits for is done");
                found.add(Law::After, message);
            }
        }
    }
}
