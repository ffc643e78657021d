//! Lists of steps that are done at the same time: each is known by a number as tasks are.
//!
//! Tasks are numbered from 0. After them come the lists of the first task, then those of the second, and so on.

use crate::ids::TaskId;
use crate::model::Until;

use super::{Action, TooLarge, Workload};

/// The most lists of all tasks.
const MOST: u32 = 200_000_000;

/// The lists of the tasks of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lists {
    /// How many there are of the entries before.
    pub(super) first: u32,
    /// How many each task has.
    pub(super) of_each: u32,
}

impl Workload {
    /// So many tasks have so many lists each.
    pub(super) fn add_lists(&mut self, tasks: u32, of_each: u32) -> Result<(), TooLarge> {
        let more = tasks.checked_mul(of_each).and_then(|more| self.list_count.checked_add(more));
        self.list_count = more.filter(|all| *all <= MOST).ok_or(TooLarge::Lists)?;
        Ok(())
    }

    /// How many tasks and lists there are together.
    pub(crate) fn number_count(&self) -> u32 {
        self.task_count + self.list_count
    }

    /// Whether any step does lists of steps at the same time.
    pub fn fans_out(&self) -> bool {
        self.list_count > 0
    }

    /// Whether that is a list of steps, not a task.
    pub(crate) fn is_list(&self, task: TaskId) -> bool {
        task.0 >= self.task_count
    }

    /// The task, and which list of it: 0 where it is the task itself.
    pub(crate) fn whose(&self, task: TaskId) -> (TaskId, u32) {
        let Some(list) = task.0.checked_sub(self.task_count) else { return (task, 0) };
        let entry = self.entries.partition_point(|entry| entry.lists.first <= list) - 1;
        let entry = &self.entries[entry];
        let within = list - entry.lists.first;
        let (task, list) = (within / entry.lists.of_each, within % entry.lists.of_each);
        (TaskId(entry.first + task), list + 1)
    }

    /// A list of a task, or of a list of it, by its number from 1.
    pub(crate) fn list_of(&self, task: TaskId, number: u32) -> TaskId {
        let (task, _) = self.whose(task);
        let entry = &self.entries[self.entry_of(task)];
        let before = (task.0 - entry.first) * entry.lists.of_each;
        TaskId(self.task_count + entry.lists.first + before + number - 1)
    }

    /// Whether the leaf step `leaf` of a task may be cut short or left out, for it is part of a `try`, or of lists that may be cancelled.
    pub fn may_be_left_out(&self, task: TaskId, leaf: u32) -> bool {
        let mut depth = 0_u32;
        let mut races: Vec<u32> = Vec::new();
        let before = self.script(self.entry_of(task)).iter().take_while(|step| step.leaf <= leaf);
        for step in before {
            match step.action {
                Action::AttemptsBegin => depth += 1,
                Action::AttemptsEnd { .. } => depth -= 1,
                Action::FanBegin(until, _) => {
                    races.push(u32::from(until != Until::AllEnd));
                    depth += races.last().copied().unwrap_or(0);
                }
                Action::FanEnd => depth -= races.pop().unwrap_or(0),
                action if action.is_leaf() && step.leaf == leaf => return depth > 0,
                _ => {}
            }
        }
        false
    }
}
