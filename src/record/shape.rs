//! Tasks of the same function with the same steps share an entry.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::steps::{Step, Task, sums};

/// The most entries; tasks of rarer shapes are simplified.
const MOST: usize = 12;

/// The most steps of a task; of more, waits for one site are put together.
const MOST_STEPS: usize = 60;

/// What a step is, without how long it takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Wait(Rc<str>),
    Compute,
    Acquire(Rc<str>),
    Release(Rc<str>),
    Offload(Rc<str>, Vec<Form>),
}

/// Tasks with the same steps, in the order in which they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) name: Rc<str>,
    /// By their places in that order.
    pub(super) members: Vec<usize>,
}

fn forms(steps: &[Step]) -> Vec<Form> {
    let form = |step: &Step| match step {
        Step::Wait(site, _) => Form::Wait(Rc::clone(site)),
        Step::Compute(_) => Form::Compute,
        Step::Acquire(name) => Form::Acquire(Rc::clone(name)),
        Step::Release(name) => Form::Release(Rc::clone(name)),
        Step::Offload(name, steps) => Form::Offload(Rc::clone(name), forms(steps)),
    };
    steps.iter().map(form).collect()
}

/// Groups tasks, and simplifies those that few others are like. Also how many were simplified.
pub(super) fn groups(tasks: &mut [Task]) -> (Vec<Group>, usize) {
    let mut simplified = 0;
    for task in tasks.iter_mut().filter(|task| task.steps.len() > MOST_STEPS) {
        task.steps = simple(&task.steps);
        simplified += 1;
    }
    for task in tasks.iter_mut() {
        task.steps = with_all_computing(&task.steps);
    }
    let mut groups = sorted(tasks);
    if groups.len() > MOST {
        for member in groups[MOST / 2..].iter().flat_map(|group| &group.members) {
            tasks[*member].steps = with_all_computing(&simple(&tasks[*member].steps));
            simplified += 1;
        }
        groups = sorted(tasks);
    }
    if groups.len() > MOST {
        for member in groups[MOST - 1..].iter().flat_map(|group| &group.members) {
            tasks[*member].steps = with_all_computing(&simplest(&tasks[*member].steps));
        }
        groups = sorted(tasks);
    }
    for group in &groups {
        let (mut lists, mut before) = (Vec::new(), 0);
        let mut left = &mut *tasks;
        for member in &group.members {
            let (_, from) = std::mem::take(&mut left).split_at_mut(member - before);
            let Some((task, rest)) = from.split_first_mut() else { break };
            lists.push(&mut task.steps);
            (left, before) = (rest, member + 1);
        }
        without_little(&mut lists);
    }
    (groups, simplified)
}

/// Computing that is shorter on average is done with the next.
const LITTLE: i64 = 10_000;

/// The steps with computing, perhaps of no length, before each of the others and at the end.
fn with_all_computing(steps: &[Step]) -> Vec<Step> {
    let mut all = Vec::with_capacity(2 * steps.len() + 1);
    let mut computing = 0;
    for step in steps {
        match step {
            Step::Compute(time) => computing += time,
            Step::Offload(name, steps) => {
                all.push(Step::Compute(std::mem::take(&mut computing)));
                all.push(Step::Offload(Rc::clone(name), with_all_computing(steps)));
            }
            Step::Wait(..) | Step::Acquire(_) | Step::Release(_) => {
                all.extend([Step::Compute(std::mem::take(&mut computing)), step.clone()]);
            }
        }
    }
    all.push(Step::Compute(computing));
    all
}

/// Takes computing out of all lists of steps, which are of one form, where it is short on average.
fn without_little(lists: &mut [&mut Vec<Step>]) {
    for place in (0..lists[0].len()).rev() {
        if let Step::Offload(..) = lists[0][place] {
            let inner = lists.iter_mut().filter_map(|steps| match &mut steps[place] {
                Step::Offload(_, steps) => Some(steps),
                _ => None,
            });
            without_little(&mut inner.collect::<Vec<_>>());
        }
        if !matches!(lists[0][place], Step::Compute(_)) {
            continue;
        }
        let sum: i64 = lists.iter().map(|steps| steps[place].times().0).sum();
        let is_little = sum < LITTLE * i64::try_from(lists.len()).unwrap_or(i64::MAX);
        for steps in lists.iter_mut() {
            let is_alone = steps.len() == 1;
            if is_little && !is_alone {
                steps.remove(place);
            } else if let Step::Compute(time) = &mut steps[place] {
                *time = (*time).max(1);
            }
        }
    }
}

/// The groups, the largest first.
fn sorted(tasks: &[Task]) -> Vec<Group> {
    let mut groups: BTreeMap<(Rc<str>, Vec<Form>), Vec<usize>> = BTreeMap::new();
    for (place, task) in tasks.iter().enumerate() {
        groups.entry((Rc::clone(&task.name), forms(&task.steps))).or_default().push(place);
    }
    let groups = groups.into_iter().map(|((name, _), members)| Group { name, members });
    let mut groups: Vec<Group> = groups.collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.members.len()), group.members[0]));
    groups
}

/// All permits that are taken, half of the computing, a wait for each site, what is offloaded, the other half.
fn simple(steps: &[Step]) -> Vec<Step> {
    let mut waits: Vec<(Rc<str>, i64)> = Vec::new();
    let (mut permits, mut offloads, mut computing) = (Vec::new(), Vec::new(), 0);
    for step in steps {
        match step {
            Step::Compute(time) => computing += time,
            Step::Wait(site, length) => match waits.iter_mut().find(|(known, _)| known == site) {
                Some((_, sum)) => *sum += length,
                None => waits.push((Rc::clone(site), *length)),
            },
            Step::Acquire(name) if !permits.contains(name) => permits.push(Rc::clone(name)),
            Step::Acquire(_) | Step::Release(_) => {}
            Step::Offload(name, steps) => {
                offloads.push(Step::Offload(Rc::clone(name), simple(steps)));
            }
        }
    }
    waits.sort();
    permits.sort();
    let half = (computing / 2).max(1);
    let mut all: Vec<Step> = permits.iter().cloned().map(Step::Acquire).collect();
    all.push(Step::Compute(half));
    all.extend(waits.into_iter().map(|(site, length)| Step::Wait(site, length)));
    all.append(&mut offloads);
    all.push(Step::Compute((computing - half).max(1)));
    all.extend(permits.into_iter().rev().map(Step::Release));
    all
}

/// All computing, and all waiting for the site that was waited for longest.
fn simplest(steps: &[Step]) -> Vec<Step> {
    let mut longest: Option<(i64, Rc<str>)> = None;
    for step in steps {
        if let Step::Wait(site, length) = step {
            longest = longest.max(Some((*length, Rc::clone(site))));
        }
    }
    let (computing, waiting) = sums(steps);
    let half = (computing / 2).max(1);
    let mut all = vec![Step::Compute(half)];
    all.extend(longest.map(|(_, site)| Step::Wait(site, waiting)));
    all.push(Step::Compute((computing - half).max(1)));
    all
}
