//! What tasks have in common: steps without the times that differ from one task to the next.
//!
//! Entries whose steps differ in nothing but their times share one function of the program; the
//! times that differ become its arguments. Runs of alike steps become loops.

use std::collections::BTreeMap;

use gilsim_core::ids::{ComputationId, QueueId, SemaphoreId, SiteId, TaskId};
use gilsim_core::model::{
    Distribution, LockMode, OffloadTo, Payload, Scenario, Setting, StepSpec, WaitOn, Work,
};
use gilsim_core::time::SimDuration;

/// A step of a function.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Waits, blocking the thread or not.
    Wait { site: Option<SiteId>, blocks: bool, time: Time },
    /// Computes.
    Compute { computation: Option<ComputationId>, lock: LockMode, time: Time },
    /// Gives way.
    Yield,
    /// Takes a permit.
    Acquire(SemaphoreId),
    /// Gives a permit back.
    Release(SemaphoreId),
    /// Puts an item.
    Put(QueueId),
    /// Takes an item.
    Get(QueueId),
    /// Runs steps in an executor.
    Offload(OffloadTo, Vec<Self>),
    /// Runs steps several times.
    Repeat(u32, Vec<Self>),
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
pub(super) struct Shape {
    /// What the entries call them; may be empty.
    pub(super) name: String,
    /// What crosses a process boundary.
    pub(super) payload: Payload,
    /// What they do.
    pub(super) steps: Vec<Node>,
}

impl Shape {
    /// The shapes of a scenario under a tool's setting, and which of them each entry has.
    pub(super) fn all(scenario: &Scenario, setting: &Setting) -> (Vec<Self>, Vec<usize>) {
        let mut shapes: Vec<Self> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut shape_of = Vec::with_capacity(scenario.tasks.len());
        for entry in &scenario.tasks {
            let steps = folded(&nodes(&entry.steps, setting));
            let key = format!("{:?} {:?}", entry.payload, timeless(&steps));
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

fn nodes(specs: &[StepSpec], setting: &Setting) -> Vec<Node> {
    specs.iter().map(|spec| node(spec, setting)).collect()
}

fn node(spec: &StepSpec, setting: &Setting) -> Node {
    match spec {
        StepSpec::Wait(on) => wait(on, false, setting),
        StepSpec::Block(on) => wait(on, true, setting),
        StepSpec::Compute(Work::Time(time)) => {
            Node::Compute { computation: None, lock: LockMode::Held, time: constant(time) }
        }
        StepSpec::Compute(Work::Named(id)) => {
            let computation = &setting.computations[id.index()];
            let (lock, time) = (computation.lock, constant(&computation.time));
            Node::Compute { computation: Some(*id), lock, time }
        }
        StepSpec::Yield => Node::Yield,
        StepSpec::Acquire(semaphore) => Node::Acquire(*semaphore),
        StepSpec::Release(semaphore) => Node::Release(*semaphore),
        StepSpec::Put(queue) => Node::Put(*queue),
        StepSpec::Get(queue) => Node::Get(*queue),
        StepSpec::Offload { to, steps } => Node::Offload(*to, folded(&nodes(steps, setting))),
        StepSpec::Repeat { times, steps } => Node::Repeat(*times, folded(&nodes(steps, setting))),
    }
}

fn wait(on: &WaitOn, blocks: bool, setting: &Setting) -> Node {
    match on {
        WaitOn::Site(site) => {
            let time = constant(&setting.sites[site.index()].latency);
            Node::Wait { site: Some(*site), blocks, time }
        }
        WaitOn::Time(time) => Node::Wait { site: None, blocks, time: constant(time) },
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
fn folded(steps: &[Node]) -> Vec<Node> {
    let keys: Vec<String> = steps.iter().map(|step| format!("{:?}", step.timeless())).collect();
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
            folded.push(Node::Repeat(u32::try_from(times).expect("steps are bounded"), body));
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

fn timeless(steps: &[Node]) -> Vec<Node> {
    steps.iter().map(Node::timeless).collect()
}

/// Makes every time a given one that is not the same constant in `others`.
fn blend_all(steps: &mut [Node], others: &[Node]) {
    for (step, other) in steps.iter_mut().zip(others) {
        step.blend(other);
    }
}

impl Node {
    fn timeless(&self) -> Self {
        let mut bare = self.clone();
        bare.forget_time();
        bare
    }

    fn forget_time(&mut self) {
        match self {
            Self::Offload(_, steps) | Self::Repeat(_, steps) => {
                steps.iter_mut().for_each(Self::forget_time);
            }
            Self::Wait { time, .. } | Self::Compute { time, .. } => *time = Time::Given,
            _ => {}
        }
    }

    fn blend(&mut self, other: &Self) {
        match (self, other) {
            (Self::Offload(_, steps), Self::Offload(_, others))
            | (Self::Repeat(_, steps), Self::Repeat(_, others)) => blend_all(steps, others),
            (
                Self::Wait { time, .. } | Self::Compute { time, .. },
                Self::Wait { time: other, .. } | Self::Compute { time: other, .. },
            ) if time != other => *time = Time::Given,
            _ => {}
        }
    }

    /// How many leaf steps run.
    pub(super) fn leaves(&self) -> u32 {
        match self {
            Self::Offload(_, steps) => count(steps, Self::leaves),
            Self::Repeat(times, steps) => times.saturating_mul(count(steps, Self::leaves)),
            _ => 1,
        }
    }

    /// How many times are given as they run.
    pub(super) fn given(&self) -> u32 {
        match self {
            Self::Offload(_, steps) => count(steps, Self::given),
            Self::Repeat(times, steps) => times.saturating_mul(count(steps, Self::given)),
            Self::Wait { time, .. } | Self::Compute { time, .. } => u32::from(*time == Time::Given),
            _ => 0,
        }
    }

    /// Whether any loop within is given a time.
    pub(super) fn gives_in_loop(&self) -> bool {
        match self {
            Self::Offload(_, steps) => steps.iter().any(Self::gives_in_loop),
            Self::Repeat(..) => self.given() > 0,
            _ => false,
        }
    }
}

/// The sum of a count over steps.
pub(super) fn count(steps: &[Node], of: impl Fn(&Node) -> u32) -> u32 {
    steps.iter().map(of).fold(0, u32::saturating_add)
}

/// The times that a task is given, in the order in which its steps run.
pub(super) struct Given<'a> {
    task: TaskId,
    leaf: u32,
    draws: &'a dyn Fn(TaskId, u32) -> SimDuration,
    /// CPU time of a computation, in thousandths of what is drawn.
    compute_permille: u32,
    times: Vec<SimDuration>,
}

impl<'a> Given<'a> {
    /// The times of one task.
    pub(super) fn of(
        task: TaskId,
        steps: &[Node],
        draws: &'a dyn Fn(TaskId, u32) -> SimDuration,
        compute_permille: u32,
    ) -> Vec<SimDuration> {
        let mut given = Self { task, leaf: 0, draws, compute_permille, times: Vec::new() };
        given.walk(steps);
        given.times
    }

    fn walk(&mut self, steps: &[Node]) {
        for step in steps {
            match step {
                _ if step.given() == 0 => self.leaf = self.leaf.saturating_add(step.leaves()),
                Node::Repeat(times, steps) => (0..*times).for_each(|_| self.walk(steps)),
                Node::Offload(_, steps) => self.walk(steps),
                _ => self.take(matches!(step, Node::Compute { .. })),
            }
        }
    }

    fn take(&mut self, is_computation: bool) {
        let time = (self.draws)(self.task, self.leaf);
        let permille = if is_computation { self.compute_permille } else { 1_000 };
        self.times.push(time.scaled(permille.into(), 1_000));
        self.leaf += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(ms: u64) -> Node {
        let time = Time::Constant(SimDuration::from_millis(ms));
        Node::Wait { site: None, blocks: false, time }
    }

    #[test]
    fn three_alike_steps_become_a_loop_and_two_do_not() {
        assert_eq!(folded(&[wait(1), wait(1)]).len(), 2);
        let loops = folded(&[wait(1), wait(1), wait(1), Node::Yield]);
        assert!(matches!(&loops[0], Node::Repeat(3, body) if body.len() == 1), "{loops:?}");
        assert_eq!(loops[0].given(), 0);
        assert_eq!(count(&loops, Node::leaves), 4);
    }

    #[test]
    fn a_loop_over_pairs_is_given_the_times_that_differ() {
        let steps: Vec<Node> = (0..4).flat_map(|ms| [wait(7), wait(ms), Node::Yield]).collect();
        let loops = folded(&steps);
        assert!(matches!(&loops[..], [Node::Repeat(4, _)]), "{loops:?}");
        let draws =
            |task: TaskId, leaf: u32| SimDuration::from_nanos(u64::from(task.0 * 100 + leaf));
        let times = Given::of(TaskId(1), &loops, &draws, 1_000);
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
