//! What tasks have in common: steps without the times that differ from one task to the next.
//!
//! Entries whose steps differ in nothing but their times share one function of the program; the
//! times that differ become its arguments. Runs of alike steps become loops.

use std::collections::BTreeMap;

use gilsim_core::ids::TaskId;
use gilsim_core::model::{Distribution, Object, Payload, Scenario, Setting, StepSpec};
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
    specs.iter().map(|spec| node(spec, setting)).collect()
}

fn node<'a>(spec: &'a StepSpec, setting: &Setting) -> Node<'a> {
    let Some((times, steps)) = spec.within() else {
        return Node::Leaf(spec, spec.length(setting).map(constant));
    };
    let steps = folded(&nodes(steps, setting));
    if matches!(spec.object(), Object::Times(_)) {
        Node::Loop(times, steps)
    } else {
        Node::Around(spec, steps)
    }
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
            (Self::Leaf(_, Some(time)), Self::Leaf(_, other)) if Some(*time) != *other => {
                *time = Time::Given;
            }
            _ => {}
        }
    }

    /// How many leaf steps run.
    pub(super) fn leaves(&self) -> u32 {
        match self {
            Self::Around(_, steps) => count(steps, Self::leaves),
            Self::Loop(times, steps) => times.saturating_mul(count(steps, Self::leaves)),
            Self::Leaf(..) => 1,
        }
    }

    /// How many times are given as they run.
    pub(super) fn given(&self) -> u32 {
        match self {
            Self::Around(_, steps) => count(steps, Self::given),
            Self::Loop(times, steps) => times.saturating_mul(count(steps, Self::given)),
            Self::Leaf(_, time) => u32::from(*time == Some(Time::Given)),
        }
    }

    /// Whether any loop within is given a time.
    pub(super) fn gives_in_loop(&self) -> bool {
        match self {
            Self::Around(_, steps) => steps.iter().any(Self::gives_in_loop),
            Self::Loop(..) => self.given() > 0,
            Self::Leaf(..) => false,
        }
    }
}

/// The sum of a count over steps.
pub(super) fn count<'a>(steps: &[Node<'a>], of: impl Fn(&Node<'a>) -> u32) -> u32 {
    steps.iter().map(of).fold(0, u32::saturating_add)
}

/// The times that a task is given, in the order in which its steps run.
pub(super) struct Given<'a> {
    task: TaskId,
    leaf: u32,
    draws: &'a dyn Fn(TaskId, u32) -> SimDuration,
    times: Vec<(&'a StepSpec, SimDuration)>,
}

impl<'a> Given<'a> {
    /// The times of one task, with the steps that they are for.
    pub(super) fn of(
        task: TaskId,
        steps: &[Node<'a>],
        draws: &'a dyn Fn(TaskId, u32) -> SimDuration,
    ) -> Vec<(&'a StepSpec, SimDuration)> {
        let mut given = Self { task, leaf: 0, draws, times: Vec::new() };
        given.walk(steps);
        given.times
    }

    fn walk(&mut self, steps: &[Node<'a>]) {
        for step in steps {
            match step {
                _ if step.given() == 0 => self.leaf = self.leaf.saturating_add(step.leaves()),
                Node::Loop(times, steps) => (0..*times).for_each(|_| self.walk(steps)),
                Node::Around(_, steps) => self.walk(steps),
                Node::Leaf(spec, _) => {
                    self.times.push((*spec, (self.draws)(self.task, self.leaf)));
                    self.leaf += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gilsim_core::model::WaitOn;

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
        let times = Given::of(TaskId(1), &loops, &draws);
        let times: Vec<SimDuration> = times.into_iter().map(|(_, time)| time).collect();
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
