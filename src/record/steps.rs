//! The steps of recorded tasks: waits and stretches of computing, without what is too short to matter.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::spans::{On, Piece, Span};
use super::waits::Used;

/// Shorter waits are left out.
const SHORT: i64 = 200_000;

/// Shorter waits are left out where fewer than half of a function's tasks have them.
const RARE: i64 = 20_000_000;

/// Less computing than this is done with the next.
const LITTLE: i64 = 5_000;

/// A wait that nothing told of counts from this length on.
const UNSEEN: i64 = 5_000_000;

/// What a wait is for that nothing told of: a driver in C, a file, a lock.
const UNSEEN_NAME: &str = "unseen waits";

/// One step of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Wait(Rc<str>, i64),
    Compute(i64),
}

/// A task with its steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Task {
    pub(super) name: Rc<str>,
    /// When it was asked for.
    pub(super) arrives: i64,
    pub(super) begins: i64,
    pub(super) is_first: bool,
    pub(super) has_failed: bool,
    pub(super) steps: Vec<Step>,
}

/// What was left out of the steps of tasks, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LeftOut {
    /// Waits that are too short or too rare.
    pub(super) waits: i64,
    /// Waits for other threads.
    pub(super) for_others: i64,
    /// Waits that are in the steps, though nothing says for what they were.
    pub(super) unseen: i64,
    /// All waiting and computing of the tasks.
    pub(super) all: i64,
}

/// How many tasks of a function there are, and in how many of them it waits for a site for the n-th time.
#[derive(Default)]
struct Habits {
    tasks: usize,
    waits: BTreeMap<(Rc<str>, usize), usize>,
}

/// The tasks of these spans, each with when it was asked for.
pub(super) fn tasks(spans: &[(&Span, i64)], used: &Used) -> (Vec<Task>, LeftOut) {
    let mut left_out = LeftOut::default();
    let mut habits: BTreeMap<&str, Habits> = BTreeMap::new();
    for (span, _) in spans {
        let of_function = habits.entry(&span.name).or_default();
        of_function.tasks += 1;
        for (place, _) in waits(span) {
            *of_function.waits.entry(place).or_default() += 1;
        }
    }
    let tasks = spans.iter().map(|(span, arrives)| Task {
        name: Rc::clone(&span.name),
        arrives: *arrives,
        begins: span.begin,
        is_first: span.is_first,
        has_failed: span.has_failed,
        steps: steps(span, &habits[&*span.name], used, &mut left_out),
    });
    let tasks = tasks.collect();
    (tasks, left_out)
}

/// The waits for sites that are long enough, each with its site and how often that was waited for before.
fn waits(span: &Span) -> impl Iterator<Item = ((Rc<str>, usize), i64)> {
    let mut uses: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    span.pieces.iter().filter_map(move |piece| {
        let wait = piece.wait.as_ref()?;
        let On::Site(site) = &wait.on else { return None };
        if wait.length < SHORT {
            return None;
        }
        let before = uses.entry(Rc::clone(site)).or_default();
        *before += 1;
        Some(((Rc::clone(site), *before - 1), wait.length))
    })
}

fn steps(span: &Span, habits: &Habits, used: &Used, left_out: &mut LeftOut) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut computing = 0;
    let mut kept = waits(span);
    for piece in &span.pieces {
        if let Some(unseen) = unseen(piece, used) {
            push(&mut steps, &mut computing, Step::Wait(UNSEEN_NAME.into(), unseen));
            left_out.unseen += unseen;
            left_out.all += unseen;
        }
        computing += piece.cpu.max(0);
        left_out.all += piece.cpu.max(0);
        let Some(wait) = &piece.wait else { continue };
        left_out.all += wait.length;
        if matches!(wait.on, On::Others(_)) {
            left_out.for_others += wait.length;
            continue;
        }
        let long_enough = if wait.length >= SHORT { kept.next() } else { None };
        match long_enough {
            Some((place, length)) if length >= RARE || 2 * habits.waits[&place] >= habits.tasks => {
                push(&mut steps, &mut computing, Step::Wait(place.0, length));
            }
            _ => left_out.waits += wait.length,
        }
    }
    if computing >= LITTLE || steps.is_empty() {
        steps.push(Step::Compute(computing.max(1)));
    }
    steps
}

/// A wait, and the computing before it.
fn push(steps: &mut Vec<Step>, computing: &mut i64, wait: Step) {
    if *computing >= LITTLE {
        steps.push(Step::Compute(*computing));
        *computing = 0;
    }
    steps.push(wait);
}

/// For how long a stretch of computing certainly waited, if that is much: the time in which neither its thread nor any other
/// used a core.
fn unseen(piece: &Piece, used: &Used) -> Option<i64> {
    let wall = piece.to - piece.from;
    if wall - piece.cpu < UNSEEN {
        return None;
    }
    let unseen = wall - used.between(piece.from, piece.to).max(piece.cpu);
    (unseen >= UNSEEN && unseen >= wall / 2).then_some(unseen)
}
