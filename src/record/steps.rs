//! The steps of recorded tasks: waits and stretches of computing, without what is too short to matter.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::spans::{Fate, On, Piece, Span};
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
    Acquire(Rc<str>),
    Release(Rc<str>),
    /// Steps that a pool of threads does for a coroutine, and their function.
    Offload(Rc<str>, Vec<Step>),
}

impl Step {
    /// How long it computes or waits.
    pub(super) fn times(&self) -> (i64, i64) {
        match self {
            Self::Compute(time) => (*time, 0),
            Self::Wait(_, length) => (0, *length),
            Self::Acquire(_) | Self::Release(_) => (0, 0),
            Self::Offload(_, steps) => sums(steps),
        }
    }
}

/// How long steps compute and wait.
pub(super) fn sums(steps: &[Step]) -> (i64, i64) {
    let times = steps.iter().map(Step::times);
    times.fold((0, 0), |sum, times| (sum.0 + times.0, sum.1 + times.1))
}

/// A task with its steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Task {
    pub(super) name: Rc<str>,
    /// When it was asked for.
    pub(super) arrives: i64,
    pub(super) is_first: bool,
    pub(super) has_failed: bool,
    pub(super) steps: Vec<Step>,
}

/// What was left out of the steps of tasks, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LeftOut {
    /// Waits that are too short or too rare.
    pub(super) waits: i64,
    /// Waits for other threads and tasks.
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
    /// In how many of them it waits unseen.
    unseen: usize,
}

/// What the steps of a task depend on beside itself.
pub(super) struct Surroundings<'a> {
    used: &'a Used,
    habits: BTreeMap<Rc<str>, Habits>,
    /// What pools did for coroutines, by their numbers.
    offloaded: BTreeMap<i64, &'a Span>,
    /// Semaphores that are not given back by who took them.
    signals: BTreeSet<Rc<str>>,
    pub(super) left_out: LeftOut,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(
        spans: &[(&'a Span, i64)],
        offloaded: BTreeMap<i64, &'a Span>,
        used: &'a Used,
    ) -> Self {
        let mut habits: BTreeMap<Rc<str>, Habits> = BTreeMap::new();
        let mut signals = BTreeSet::new();
        let all = spans.iter().map(|(span, _)| *span).chain(offloaded.values().copied());
        for span in all {
            let of_function = habits.entry(Rc::clone(&span.name)).or_default();
            of_function.tasks += 1;
            for (place, _) in waits(span) {
                *of_function.waits.entry(place).or_default() += 1;
            }
            let waits_unseen = span.pieces.iter().any(|piece| unseen(piece, used).is_some());
            of_function.unseen += usize::from(waits_unseen && !span.is_a_coroutine());
            signals.extend(unbalanced(span));
        }
        Self { used, habits, offloaded, signals, left_out: LeftOut::default() }
    }

    /// The tasks of these spans, each with when it was asked for.
    pub(super) fn tasks(&mut self, spans: &[(&Span, i64)]) -> Vec<Task> {
        let tasks = spans.iter().map(|(span, arrives)| Task {
            name: Rc::clone(&span.name),
            arrives: *arrives,
            is_first: span.is_first,
            has_failed: span.fate == Fate::Failed,
            steps: self.steps(span),
        });
        tasks.collect()
    }

    fn steps(&mut self, span: &Span) -> Vec<Step> {
        let mut list = List::default();
        let mut kept = waits(span);
        // Whether the wait that comes next is told of by the step before.
        let mut is_told = false;
        for piece in &span.pieces {
            if !span.is_a_coroutine()
                && let Some(unseen) = unseen(piece, self.used)
            {
                self.left_out.all += unseen;
                // A thread may also have waited for a core that another program had.
                let habits = &self.habits[&span.name];
                if unseen >= RARE || 2 * habits.unseen >= habits.tasks {
                    list.push(Step::Wait(UNSEEN_NAME.into(), unseen));
                    self.left_out.unseen += unseen;
                } else {
                    self.left_out.waits += unseen;
                }
            }
            list.computing += piece.cpu.max(0);
            self.left_out.all += piece.cpu.max(0);
            let Some(wait) = &piece.wait else { continue };
            match &wait.on {
                On::Site(_) => {
                    self.left_out.all += wait.length;
                    let long_enough = if wait.length >= SHORT { kept.next() } else { None };
                    match long_enough.filter(|(place, length)| self.matters(span, place, *length)) {
                        Some(((site, _), length)) => list.push(Step::Wait(site, length)),
                        None => self.left_out.waits += wait.length,
                    }
                }
                On::Others(_) if is_told => {}
                On::Others(_) => {
                    self.left_out.all += wait.length;
                    self.left_out.for_others += wait.length;
                }
                On::Acquire(name) if !self.signals.contains(name) => {
                    list.push(Step::Acquire(Rc::clone(name)));
                }
                On::Release(name) if !self.signals.contains(name) => {
                    list.push(Step::Release(Rc::clone(name)));
                }
                On::Acquire(_) | On::Release(_) => {}
                On::Offload(number) => {
                    if let Some(offloaded) = self.offloaded.get(number).copied() {
                        let steps = self.steps(offloaded);
                        list.push(Step::Offload(Rc::clone(&offloaded.name), steps));
                    }
                }
            }
            is_told = matches!(&wait.on, On::Offload(_))
                || matches!(&wait.on, On::Acquire(name) if !self.signals.contains(name));
        }
        list.end()
    }

    fn matters(&self, span: &Span, place: &(Rc<str>, usize), length: i64) -> bool {
        let habits = &self.habits[&span.name];
        length >= RARE || 2 * habits.waits.get(place).copied().unwrap_or(0) >= habits.tasks
    }
}

/// Steps, and the computing before the next.
#[derive(Default)]
struct List {
    steps: Vec<Step>,
    computing: i64,
}

impl List {
    fn push(&mut self, step: Step) {
        if self.computing >= LITTLE {
            self.steps.push(Step::Compute(self.computing));
            self.computing = 0;
        }
        self.steps.push(step);
    }

    fn end(mut self) -> Vec<Step> {
        if self.computing >= LITTLE || self.steps.is_empty() {
            self.steps.push(Step::Compute(self.computing.max(1)));
        }
        self.steps
    }
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

/// Semaphores that the task does not give back as often as it takes them, or not in this order.
fn unbalanced(span: &Span) -> BTreeSet<Rc<str>> {
    let (mut taken, mut found) = (BTreeMap::<&Rc<str>, i64>::new(), BTreeSet::new());
    for wait in span.pieces.iter().filter_map(|piece| piece.wait.as_ref()) {
        match &wait.on {
            On::Acquire(name) => *taken.entry(name).or_default() += 1,
            On::Release(name) => {
                let count = taken.entry(name).or_default();
                *count -= 1;
                if *count < 0 {
                    found.insert(Rc::clone(name));
                }
            }
            On::Site(_) | On::Others(_) | On::Offload(_) => {}
        }
    }
    found.extend(
        taken.into_iter().filter(|(_, count)| *count != 0).map(|(name, _)| Rc::clone(name)),
    );
    found
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
