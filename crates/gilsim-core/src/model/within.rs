//! The steps within steps, and the lengths of all of them.

use crate::ids::BarrierId;

use super::{Distribution, Lists, Object, Setting, Spends, StepSpec, Try, WaitOn, Work};

impl StepSpec {
    /// How often it does which steps at most, in their order; nothing where it is a leaf step.
    pub fn within(&self) -> impl Iterator<Item = (u32, &[Self])> {
        let mut alike: &[Lists] = &[];
        let lists: [Option<(u32, &[Self])>; 2] = match self {
            Self::Offload { steps, .. } | Self::With { steps, .. } => [Some((1, steps)), None],
            Self::Repeat { times, steps } => [Some((*times, steps)), None],
            Self::Try(attempts) => {
                let otherwise = attempts.otherwise.as_deref().map(|steps| (1, steps));
                [Some((attempts.attempts(), &attempts.steps)), otherwise]
            }
            Self::All(fan) | Self::First(fan) => {
                alike = &fan.lists;
                [None, None]
            }
            Self::Wait(_)
            | Self::Block(_)
            | Self::Compute(_)
            | Self::Yield
            | Self::Acquire(_)
            | Self::Release(_)
            | Self::Put(_)
            | Self::Get(_)
            | Self::Set(_)
            | Self::WaitFor(_)
            | Self::Meet(_)
            | Self::Pass(_)
            | Self::Fail => [None, None],
        };
        let alike = alike.iter().map(|lists| (lists.times, lists.steps.as_slice()));
        lists.into_iter().flatten().chain(alike)
    }

    /// How many leaf steps of its own it has before and behind those within it; a leaf step is one.
    pub fn own_leaves(&self) -> (u32, u32) {
        match self {
            Self::With { .. } => (1, 1),
            Self::Try(attempts) => (attempts.waits(), 0),
            Self::All(_) | Self::First(_) => (0, 1),
            _ => (u32::from(self.within().next().is_none()), 0),
        }
    }

    /// Whether any of the steps meets there in an attempt that may take only so long: a thread breaks the barrier that gives
    /// it up (`Barrier.wait` in CPython's `Lib/threading.py`).
    pub fn give_up(steps: &[Self], barrier: BarrierId) -> bool {
        Self::meet_in(steps, barrier, false)
    }

    fn meet_in(steps: &[Self], barrier: BarrierId, in_time: bool) -> bool {
        steps.iter().any(|step| match step {
            Self::Meet(met) => *met == barrier && in_time,
            Self::Try(attempts) => {
                let Try { steps, otherwise, timeout, .. } = &**attempts;
                Self::meet_in(steps, barrier, in_time || timeout.is_some())
                    || Self::meet_in(otherwise.as_deref().unwrap_or_default(), barrier, in_time)
            }
            _ => step.within().any(|(_, steps)| Self::meet_in(steps, barrier, in_time)),
        })
    }

    /// How long it waits or computes, where it does either: of a site its latency, of a computation its time.
    pub fn length<'s>(&'s self, setting: &'s Setting) -> Option<&'s Distribution> {
        self.kind().spends?;
        match self.object() {
            Object::Site(site) => Some(&setting.sites[site.index()].latency),
            Object::Computation(id) => Some(&setting.computations[id.index()].time),
            Object::Time(time) => Some(time),
            _ => None,
        }
    }

    /// Changes every length that it, or a step within it, spends on that without a site or a computation.
    pub fn each_bare_length(&mut self, spent: Spends, change: &mut dyn FnMut(&mut Distribution)) {
        let is_it = self.kind().spends == Some(spent);
        match self {
            Self::Wait(WaitOn::Time(time))
            | Self::Block(WaitOn::Time(time))
            | Self::Compute(Work::Time(time))
                if is_it =>
            {
                change(time);
            }
            Self::Offload { steps, .. } | Self::With { steps, .. } | Self::Repeat { steps, .. } => {
                for step in steps {
                    step.each_bare_length(spent, change);
                }
            }
            Self::Try(attempts) => {
                for step in attempts.steps.iter_mut().chain(attempts.otherwise.iter_mut().flatten())
                {
                    step.each_bare_length(spent, change);
                }
            }
            Self::All(fan) | Self::First(fan) => {
                for step in fan.lists.iter_mut().flat_map(|lists| &mut lists.steps) {
                    step.each_bare_length(spent, change);
                }
            }
            _ => {}
        }
    }
}
