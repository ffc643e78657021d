//! What tasks have in common: steps without the times that differ from one task to the next.
//!
//! Entries whose steps differ in nothing but their times share one function of the program; the
//! times that differ become its arguments. Runs of alike steps become loops.

use std::collections::BTreeMap;

use crate::program::Drawn;
use gilsim_core::ids::TaskId;
use gilsim_core::model::{Distribution, Fan, Object, Payload, Scenario, Setting, StepSpec, Try};
use gilsim_core::time::SimDuration;

/// A step of a function.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    /// A step without others within it, and how long it takes where it waits or computes.
    Leaf(&'a StepSpec, Option<Time>),
    /// Steps that are done several times: a `repeat`, or alike steps in a row.
    Loop(u32, Vec<Self>),
    /// A step that does others in its own way.
    Around(&'a StepSpec, Vec<Self>),
    /// Attempts: their steps, and those that are done when the last one has failed.
    Tried(&'a Try, Vec<Self>, Vec<Self>),
    /// Lists of steps that are done at the same time: how many of each, and their steps.
    Fanned(&'a Fan, Vec<(u32, Vec<Self>)>),
    /// The wait before it fails, if the number that is given is not zero.
    Fails(&'a StepSpec),
}

/// How long a step takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Time {
    /// The same whenever it runs.
    Constant(SimDuration),
    /// One of the numbers of the task's line.
    Given,
}

/// Tasks that share a function.
#[derive(Clone, Debug)]
pub(super) struct Shape<'a> {
    /// What the entries call them; may be empty.
    pub(super) name: String,
    /// What crosses a process boundary.
    pub(super) payload: Payload,
    /// What they do.
    pub(super) steps: Vec<Node<'a>>,
}

impl<'a> Shape<'a> {
    /// The shapes of a scenario under a tool's setting, and which of them each entry has.
    pub(super) fn all(scenario: &'a Scenario, setting: &Setting) -> (Vec<Self>, Vec<usize>) {
        let mut shapes: Vec<Self> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut shape_of = Vec::with_capacity(scenario.tasks.len());
        for entry in &scenario.tasks {
            let steps = folded(&nodes(&entry.steps, setting));
            let key = format!("{:?} {}", entry.payload, timeless(&steps));
            let index = *known.entry(key).or_insert(shapes.len());
            if let Some(shape) = shapes.get_mut(index) {
                blend_all(&mut shape.steps, &steps);
                shape.name = common_name(&shape.name, &entry.name);
            } else {
                let (name, payload) = (entry.name.clone(), entry.payload);
                shapes.push(Self { name, payload, steps });
            }
            shape_of.push(index);
        }
        (shapes, shape_of)
    }
}

/// What two names have in common, without a number at its end: `t` of `t7` and `t8`.
fn common_name(one: &str, other: &str) -> String {
    if one == other {
        return one.to_owned();
    }
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let common: String = same.map(|(character, _)| character).collect();
    common.trim_end_matches(|c: char| !c.is_alphabetic()).to_owned()
}

fn nodes<'a>(specs: &'a [StepSpec], setting: &Setting) -> Vec<Node<'a>> {
    let of_step = |spec| {
        let fails = may_fail(spec, setting).then_some(Node::Fails(spec));
        std::iter::once(node(spec, setting)).chain(fails)
    };
    specs.iter().flat_map(of_step).collect()
}

/// Whether a step waits on a site where some waits fail.
fn may_fail(spec: &StepSpec, setting: &Setting) -> bool {
    matches!(spec.object(), Object::Site(id) if setting.sites[id.index()].fails > 0.0)
}

fn node<'a>(spec: &'a StepSpec, setting: &Setting) -> Node<'a> {
    if let Object::Attempts(attempts) = spec.object() {
        let of = |steps: &'a [StepSpec]| folded(&nodes(steps, setting));
        let otherwise = attempts.otherwise.as_deref().unwrap_or_default();
        return Node::Tried(attempts, of(&attempts.steps), of(otherwise));
    }
    if let Object::Lists(fan) = spec.object() {
        let lists = fan.lists.iter().map(|it| (it.times, folded(&nodes(&it.steps, setting))));
        return Node::Fanned(fan, lists.collect());
    }
    let Some((times, steps)) = spec.within().next() else {
        let fails_after = may_fail(spec, setting) && fails_at_its_own_time(spec, setting);
        let time = spec.length(setting).map(constant);
        return Node::Leaf(spec, if fails_after { Some(Time::Given) } else { time });
    };
    let steps = folded(&nodes(steps, setting));
    if matches!(spec.object(), Object::Times(_)) {
        Node::Loop(times, steps)
    } else {
        Node::Around(spec, steps)
    }
}

/// Whether a wait that fails takes another time than one that does not.
fn fails_at_its_own_time(spec: &StepSpec, setting: &Setting) -> bool {
    matches!(spec.object(), Object::Site(id) if setting.sites[id.index()].fails_after.is_some())
}

fn constant(distribution: &Distribution) -> Time {
    match distribution {
        Distribution::Constant(time) => Time::Constant(*time),
        _ => Time::Given,
    }
}

/// The longest run of steps that is looked for again behind itself.
const LONGEST_PERIOD: usize = 8;

/// The steps with three or more alike in a row, or alike groups in a row, made a loop.
fn folded<'a>(steps: &[Node<'a>]) -> Vec<Node<'a>> {
    let keys: Vec<String> = steps.iter().map(Node::timeless).collect();
    let mut folded = Vec::with_capacity(steps.len());
    let mut at = 0;
    while at < steps.len() {
        let (period, times) = repetition(&keys[at..]);
        let mut body = steps[at..at + period].to_vec();
        for again in 1..times {
            blend_all(&mut body, &steps[at + again * period..at + (again + 1) * period]);
        }
        if times == 1 {
            folded.append(&mut body);
        } else {
            folded.push(Node::Loop(u32::try_from(times).expect("steps are bounded"), body));
        }
        at += period * times;
    }
    folded
}

/// How many steps from the first on come at least three times in a row, and how often: `(1, 1)` if none.
fn repetition(keys: &[String]) -> (usize, usize) {
    let most = LONGEST_PERIOD.min(keys.len() / 3);
    for period in 1..=most {
        let mut again = keys.chunks_exact(period);
        let first = again.next();
        let times = 1 + again.take_while(|chunk| Some(*chunk) == first).count();
        if times >= 3 {
            return (period, times);
        }
    }
    (1, 1)
}

fn timeless(steps: &[Node<'_>]) -> String {
    steps.iter().map(Node::timeless).collect::<Vec<_>>().join(", ")
}

/// Makes every time a given one that is not the same constant in `others`.
fn blend_all<'a>(steps: &mut [Node<'a>], others: &[Node<'a>]) {
    for (step, other) in steps.iter_mut().zip(others) {
        step.blend(other);
    }
}

impl Node<'_> {
    /// What it does, without how long it takes: the same for alike steps alone.
    fn timeless(&self) -> String {
        let what = |spec: &StepSpec| match spec.object() {
            Object::Time(_) => spec.kind().key.to_owned(),
            object => format!("{} {object:?}", spec.kind().key),
        };
        match self {
            Self::Leaf(spec, _) => what(spec),
            Self::Fails(_) => "fails".to_owned(),
            Self::Tried(Try { timeout, retry, .. }, steps, otherwise) => {
                format!("{timeout:?} {retry:?} [{}] [{}]", timeless(steps), timeless(otherwise))
            }
            Self::Fanned(fan, lists) => {
                let lists =
                    lists.iter().map(|(times, steps)| format!("{times} [{}]", timeless(steps)));
                format!("{:?} [{}]", fan.until, lists.collect::<Vec<_>>().join(", "))
            }
            Self::Loop(times, steps) => format!("{times} times [{}]", timeless(steps)),
            Self::Around(spec, steps) => format!("{} [{}]", what(spec), timeless(steps)),
        }
    }

    fn blend(&mut self, other: &Self) {
        match (self, other) {
            (
                Self::Loop(_, steps) | Self::Around(_, steps),
                Self::Loop(_, others) | Self::Around(_, others),
            ) => blend_all(steps, others),
            (Self::Tried(_, steps, otherwise), Self::Tried(_, others, other_otherwise)) => {
                blend_all(steps, others);
                blend_all(otherwise, other_otherwise);
            }
            (Self::Fanned(_, lists), Self::Fanned(_, others)) => {
                for ((_, steps), (_, others)) in lists.iter_mut().zip(others) {
                    blend_all(steps, others);
                }
            }
            (Self::Leaf(_, Some(time)), Self::Leaf(_, other)) if Some(*time) != *other => {
                *time = Time::Given;
            }
            _ => {}
        }
    }

    /// How many leaf steps run.
    pub(super) fn leaves(&self) -> u32 {
        match self {
            Self::Around(spec, steps) => {
                let (before, behind) = spec.own_leaves();
                count(steps, Self::leaves).saturating_add(before + behind)
            }
            Self::Loop(times, steps) => times.saturating_mul(count(steps, Self::leaves)),
            Self::Tried(attempts, steps, otherwise) => {
                let attempt = count(steps, Self::leaves);
                let attempts =
                    attempt.saturating_mul(attempts.attempts()).saturating_add(attempts.waits());
                attempts.saturating_add(count(otherwise, Self::leaves))
            }
            Self::Fanned(_, lists) => in_lists(lists, Self::leaves).saturating_add(1),
            Self::Leaf(..) => 1,
            Self::Fails(_) => 0,
        }
    }

    /// How many times are given as they run.
    pub(super) fn given(&self) -> u32 {
        match self {
            Self::Around(_, steps) => count(steps, Self::given),
            Self::Loop(times, steps) => times.saturating_mul(count(steps, Self::given)),
            Self::Leaf(_, time) => u32::from(*time == Some(Time::Given)),
            Self::Fails(_) => 1,
            Self::Fanned(_, lists) => in_lists(lists, Self::given),
            Self::Tried(attempts, steps, otherwise) => {
                let each = count(steps, Self::given).saturating_mul(attempts.attempts());
                let waits = if attempts.draws_waits() { attempts.waits() } else { 0 };
                each.saturating_add(waits).saturating_add(count(otherwise, Self::given))
            }
        }
    }

    /// Whether it may fail.
    pub(super) fn may_fail(&self) -> bool {
        match self {
            Self::Fails(_) => true,
            Self::Leaf(spec, _) => spec.kind().fails,
            Self::Loop(_, steps) | Self::Around(_, steps) => steps.iter().any(Self::may_fail),
            Self::Tried(attempts, _, otherwise) => {
                attempts.otherwise.is_none() || otherwise.iter().any(Self::may_fail)
            }
            Self::Fanned(_, lists) => lists.iter().flat_map(|(_, steps)| steps).any(Self::may_fail),
        }
    }

    /// Whether any loop within is given a time.
    pub(super) fn gives_in_loop(&self) -> bool {
        match self {
            Self::Around(_, steps) => steps.iter().any(Self::gives_in_loop),
            Self::Loop(..) | Self::Tried(..) | Self::Fanned(..) => self.given() > 0,
            Self::Leaf(..) | Self::Fails(_) => false,
        }
    }
}

/// The sum of a count over steps.
pub(super) fn count<'a>(steps: &[Node<'a>], of: impl Fn(&Node<'a>) -> u32) -> u32 {
    steps.iter().map(of).fold(0, u32::saturating_add)
}

/// The sum of a count over lists of steps.
fn in_lists<'a>(lists: &[(u32, Vec<Node<'a>>)], of: impl Fn(&Node<'a>) -> u32 + Copy) -> u32 {
    let counts = lists.iter().map(|(times, steps)| times.saturating_mul(count(steps, of)));
    counts.fold(0, u32::saturating_add)
}

/// What a task is given, in the order in which its steps run.
pub(super) struct Given<'a> {
    task: TaskId,
    leaf: u32,
    drawn: &'a Drawn<'a>,
    values: Vec<Value<'a>>,
}

/// Something that a task is given.
pub(super) enum Value<'a> {
    /// How long a step takes.
    Time(&'a StepSpec, SimDuration),
    /// Whether the wait before it fails.
    Fails(bool),
    /// How long it takes until the next attempt.
    Seconds(SimDuration),
}

impl<'a> Given<'a> {
    /// What one task is given.
    pub(super) fn of(task: TaskId, steps: &[Node<'a>], drawn: &'a Drawn<'a>) -> Vec<Value<'a>> {
        let mut given = Self { task, leaf: 0, drawn, values: Vec::new() };
        given.walk(steps);
        given.values
    }

    fn walk_back_off(&mut self, attempts: &Try) {
        if attempts.draws_waits() {
            let time = (self.drawn.draws)(self.task, self.leaf);
            self.values.push(Value::Seconds(time));
        }
        self.leaf += u32::from(attempts.waits() > 0);
    }

    fn walk(&mut self, steps: &[Node<'a>]) {
        for step in steps {
            match step {
                _ if step.given() == 0 => self.leaf = self.leaf.saturating_add(step.leaves()),
                Node::Loop(times, steps) => (0..*times).for_each(|_| self.walk(steps)),
                Node::Around(spec, steps) => {
                    let (before, behind) = spec.own_leaves();
                    self.leaf += before;
                    self.walk(steps);
                    self.leaf += behind;
                }
                Node::Tried(attempts, steps, otherwise) => {
                    for number in 0..attempts.attempts() {
                        if number > 0 {
                            self.walk_back_off(attempts);
                        }
                        self.walk(steps);
                    }
                    self.walk(otherwise);
                }
                Node::Fanned(_, lists) => {
                    for (times, steps) in lists {
                        (0..*times).for_each(|_| self.walk(steps));
                    }
                    self.leaf += 1;
                }
                Node::Leaf(spec, _) => {
                    let time = (self.drawn.draws)(self.task, self.leaf);
                    self.values.push(Value::Time(spec, time));
                    self.leaf += 1;
                }
                Node::Fails(_) => {
                    let fails = (self.drawn.fails)(self.task, self.leaf - 1);
                    self.values.push(Value::Fails(fails));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::model::WaitOn;
    use gilsim_core::time::SimTime;

    const YIELD: Node<'_> = Node::Leaf(&StepSpec::Yield, None);

    fn wait<'a>(ms: u64) -> Node<'a> {
        const WAIT: &StepSpec =
            &StepSpec::Wait(WaitOn::Time(Distribution::Constant(SimDuration::ZERO)));
        Node::Leaf(WAIT, Some(Time::Constant(SimDuration::from_millis(ms))))
    }

    #[test]
    fn three_alike_steps_become_a_loop_and_two_do_not() {
        assert_eq!(folded(&[wait(1), wait(1)]).len(), 2);
        let loops = folded(&[wait(1), wait(1), wait(1), YIELD]);
        assert!(matches!(&loops[0], Node::Loop(3, body) if body.len() == 1), "{loops:?}");
        assert_eq!(loops[0].given(), 0);
        assert_eq!(count(&loops, Node::leaves), 4);
    }

    #[test]
    fn a_loop_over_pairs_is_given_the_times_that_differ() {
        let steps: Vec<Node<'_>> = (0..4).flat_map(|ms| [wait(7), wait(ms), YIELD]).collect();
        let loops = folded(&steps);
        assert!(matches!(&loops[..], [Node::Loop(4, _)]), "{loops:?}");
        let draws =
            |task: TaskId, leaf: u32| SimDuration::from_nanos(u64::from(task.0 * 100 + leaf));
        let chance = Drawn {
            draws: &draws,
            fails: &|_, _| false,
            arrivals: &|_| SimTime::ZERO,
            are_tasks_tiny: false,
        };
        let times = Given::of(TaskId(1), &loops, &chance).into_iter().map(|value| match value {
            Value::Time(_, time) => time,
            Value::Fails(_) | Value::Seconds(_) => panic!("no wait fails"),
        });
        let times: Vec<SimDuration> = times.collect();
        assert_eq!(times, [101, 104, 107, 110].map(SimDuration::from_nanos));
    }

    #[test]
    fn names_share_what_stands_before_their_numbers() {
        assert_eq!(common_name("t7", "t8"), "t");
        assert_eq!(common_name("page-10", "page-11"), "page");
        assert_eq!(common_name("page", "page"), "page");
        assert_eq!(common_name("cat", "dog"), "");
    }
}
