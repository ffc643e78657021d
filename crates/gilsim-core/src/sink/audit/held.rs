//! Who holds what during a `with`, by the steps of the rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{AuditSetting, Findings, Law};
use crate::ids::{NameId, TaskId};
use crate::model::Guard;
use crate::plan::Plan;
use crate::time::SimTime;
use crate::trace::Row;
use crate::workload::{Action, Step};

/// What tasks hold during a `with`, and in which of their steps.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Locks and semaphores: name, and how many tasks may hold one at a time. Semaphores that are also taken or given
    /// back by steps of their own are not among them: their permits are not those of the start.
    things: Vec<(NameId, u32)>,
    /// The blocks of each entry's tasks, in the order in which they begin.
    blocks: Vec<Vec<Block>>,
    /// The first task of each entry, and how many there are in all.
    first_tasks: Vec<u32>,
}

/// The steps of one `with`.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// The step that takes the thing, and the one that gives it back.
    ends: (u32, u32),
    /// Which thing, if it is watched.
    thing: Option<usize>,
    /// The block around it.
    outer: Option<usize>,
}

impl Held {
    /// What the tasks of a plan hold.
    pub fn of(plan: &Plan) -> Self {
        let entries = 0..plan.entries.len();
        let scripts = || entries.clone().map(|entry| plan.workload.script(entry));
        let steps = || scripts().flatten().map(|step| step.action);
        let not_watched: BTreeSet<_> = steps().filter_map(Action::counted).collect();
        let entered = |action| match action {
            Action::Enter(guard) => Some(plan.permit_of(guard)),
            _ => None,
        };
        let watched: BTreeSet<_> = steps().filter_map(entered).collect();
        let watched: Vec<_> = watched.difference(&not_watched).copied().collect();
        let place = |guard: Guard| watched.binary_search(&plan.permit_of(guard)).ok();
        let things = watched.iter().map(|it| &plan.semaphores[it.index()]);
        Self {
            things: things.map(|it| (it.name, it.permits)).collect(),
            blocks: scripts().map(|script| blocks(script, place)).collect(),
            first_tasks: plan.workload.first_tasks().collect(),
        }
    }

    /// The blocks of the task's entry.
    fn blocks_of(&self, task: TaskId) -> &[Block] {
        let entry = self.first_tasks.partition_point(|first| *first <= task.0);
        entry.checked_sub(1).and_then(|entry| self.blocks.get(entry)).map_or(&[], Vec::as_slice)
    }
}

/// The blocks of a script.
fn blocks(script: &[Step], place: impl Fn(Guard) -> Option<usize>) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Vec<usize>) = (Vec::new(), Vec::new());
    for step in script {
        match step.action {
            Action::Enter(guard) => {
                let (ends, outer) = ((step.leaf, u32::MAX), open.last().copied());
                open.push(blocks.len());
                blocks.push(Block { ends, thing: place(guard), outer });
            }
            Action::Leave(_) => {
                let block = open.pop().expect("a block that ends has begun");
                blocks[block].ends.1 = step.leaf;
            }
            _ => {}
        }
    }
    blocks
}

/// The blocks around a step, the innermost first.
fn around(blocks: &[Block], step: u32) -> Vec<usize> {
    let mut next = blocks.partition_point(|block| block.ends.0 < step).checked_sub(1);
    let mut found = Vec::new();
    while let Some(at) = next {
        if step < blocks[at].ends.1 {
            found.push(at);
        }
        next = blocks[at].outer;
    }
    found
}

/// A lock has one holder at a time, a semaphore no more than permits. A task holds a thing from the first row of a step
/// within the block to the last one in a row.
pub(super) fn holders(rows: &[Row], setting: &AuditSetting<'_>, found: &mut Findings) {
    let mut changes: BTreeMap<(usize, SimTime), i64> = BTreeMap::new();
    let mut by_task: BTreeMap<(TaskId, u32), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(task) = row.task.filter(|task| !setting.held.blocks_of(*task).is_empty()) {
            by_task.entry((task, row.list)).or_default().push(row);
        }
    }
    for ((task, _), mut rows) in by_task {
        rows.sort_by_key(|row| row.start);
        let blocks = setting.held.blocks_of(task);
        for (block, from, to) in spans(blocks, &rows) {
            if let Some(thing) = blocks[block].thing {
                *changes.entry((thing, from)).or_default() += 1;
                *changes.entry((thing, to)).or_default() -= 1;
            }
        }
    }
    let (mut current, mut held) = (None, 0);
    for ((thing, at), change) in changes {
        held = if current == Some(thing) { held + change } else { change };
        current = Some(thing);
        let (name, most) = setting.held.things[thing];
        if held > i64::from(most) {
            let (name, at) = (setting.names.get(name), at.as_nanos());
            found.add(Law::Held, || {
                format!("at {at} ns {held} tasks hold `{name}`, which {most} may hold at a time")
            });
        }
    }
}

/// From when to when a task was within which block.
fn spans(blocks: &[Block], rows: &[&Row]) -> Vec<(usize, SimTime, SimTime)> {
    let mut open: BTreeMap<usize, (SimTime, SimTime)> = BTreeMap::new();
    let mut closed = Vec::new();
    for row in rows {
        let within = around(blocks, row.step);
        open.retain(|block, (from, to)| {
            let goes_on = within.contains(block);
            if !goes_on {
                closed.push((*block, *from, *to));
            }
            goes_on
        });
        for block in within {
            open.entry(block).or_insert((row.start, row.end)).1 = row.end;
        }
    }
    closed.extend(open.into_iter().map(|(block, (from, to))| (block, from, to)));
    closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MutexId;

    fn script(actions: &[Action]) -> Vec<Step> {
        let leaves = (0_u32..).zip(actions);
        leaves.map(|(leaf, action)| Step { leaf, action: *action }).collect()
    }

    #[test]
    fn a_step_is_within_the_blocks_that_have_begun_and_not_ended() {
        let [one, other] = [0, 1].map(|lock| Guard::Lock(MutexId(lock)));
        let actions = [
            Action::Enter(one),
            Action::Yield,
            Action::Enter(other),
            Action::Yield,
            Action::Leave(other),
            Action::Yield,
            Action::Leave(one),
            Action::Yield,
        ];
        let blocks = blocks(&script(&actions), |_| Some(0));
        let of_step = |step| around(&blocks, step);
        assert_eq!([0, 1, 3, 5, 7].map(of_step), [vec![], vec![0], vec![1, 0], vec![0], vec![]]);
    }
}
