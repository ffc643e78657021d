//! Tasks of the same function with the same steps share an entry.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::steps::{Step, Task};

/// The most entries; tasks of rarer shapes are simplified.
const MOST: usize = 12;

/// The most steps of a task; of more, waits for one site are put together.
const MOST_STEPS: usize = 60;

/// What the steps of a task are, without how long they take.
type Shape = Vec<Option<Rc<str>>>;

/// Tasks with the same steps, in the order in which they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) name: Rc<str>,
    /// By their places in that order.
    pub(super) members: Vec<usize>,
}

fn shape(task: &Task) -> Shape {
    let site = |step: &Step| match step {
        Step::Wait(site, _) => Some(Rc::clone(site)),
        Step::Compute(_) => None,
    };
    task.steps.iter().map(site).collect()
}

/// Groups tasks, and simplifies those that few others are like. Also how many were simplified.
pub(super) fn groups(tasks: &mut [Task]) -> (Vec<Group>, usize) {
    let mut simplified = 0;
    for task in tasks.iter_mut().filter(|task| task.steps.len() > MOST_STEPS) {
        task.steps = simple(&task.steps);
        simplified += 1;
    }
    let mut groups = sorted(tasks);
    if groups.len() > MOST {
        for member in groups[MOST / 2..].iter().flat_map(|group| &group.members) {
            tasks[*member].steps = simple(&tasks[*member].steps);
            simplified += 1;
        }
        groups = sorted(tasks);
    }
    if groups.len() > MOST {
        for member in groups[MOST - 1..].iter().flat_map(|group| &group.members) {
            tasks[*member].steps = simplest(&tasks[*member].steps);
        }
        groups = sorted(tasks);
    }
    (groups, simplified)
}

/// The groups, the largest first.
fn sorted(tasks: &[Task]) -> Vec<Group> {
    let mut groups: BTreeMap<(Rc<str>, Shape), Vec<usize>> = BTreeMap::new();
    for (place, task) in tasks.iter().enumerate() {
        groups.entry((Rc::clone(&task.name), shape(task))).or_default().push(place);
    }
    let groups = groups.into_iter().map(|((name, _), members)| Group { name, members });
    let mut groups: Vec<Group> = groups.collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.members.len()), group.members[0]));
    groups
}

/// Half of the computing, a wait for each site, the other half.
fn simple(steps: &[Step]) -> Vec<Step> {
    let mut waits: Vec<(Rc<str>, i64)> = Vec::new();
    let mut computing = 0;
    for step in steps {
        match step {
            Step::Compute(time) => computing += time,
            Step::Wait(site, length) => match waits.iter_mut().find(|(known, _)| known == site) {
                Some((_, sum)) => *sum += length,
                None => waits.push((Rc::clone(site), *length)),
            },
        }
    }
    waits.sort();
    let half = (computing / 2).max(1);
    let waits = waits.into_iter().map(|(site, length)| Step::Wait(site, length));
    let ends = [Step::Compute(half), Step::Compute((computing - half).max(1))];
    let [first, last] = ends;
    std::iter::once(first).chain(waits).chain([last]).collect()
}

/// All waiting on the site that was waited for longest.
fn simplest(steps: &[Step]) -> Vec<Step> {
    let steps = simple(steps);
    let waits = steps.iter().filter_map(|step| match step {
        Step::Wait(site, length) => Some((*length, Rc::clone(site))),
        Step::Compute(_) => None,
    });
    let sum = waits.clone().map(|(length, _)| length).sum();
    let longest = waits.max().map(|(_, site)| Step::Wait(site, sum));
    let [first, .., last] = &steps[..] else { return steps };
    [Some(first.clone()), longest, Some(last.clone())].into_iter().flatten().collect()
}
