//! Scripts: the steps of an entry's tasks as executed, with repeats unrolled.

use crate::ids::{BarrierId, ComputationId, FlagId, LimiterId, QueueId, SemaphoreId, SiteId};
use crate::model::{
    Distribution, Fan, Guard, OffloadTo, Retry, Setting, Site, StepSpec, Try, Until, WaitOn, Work,
};
use crate::time::SimDuration;

use super::position;

/// One step of an entry's tasks, with repeats unrolled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its number among the leaf steps as executed; of an offload, the number of its first leaf step.
    pub leaf: u32,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Waits; an await point in a coroutine.
    Wait(Option<SiteId>, Length),
    /// Waits, blocking the thread even inside a coroutine.
    Block(Option<SiteId>, Length),
    /// Burns CPU; without a name it is Python code.
    Compute(Option<ComputationId>, Length),
    /// Gives way.
    Yield,
    /// Takes a permit.
    Acquire(SemaphoreId),
    /// Gives a permit back.
    Release(SemaphoreId),
    /// Begins to hold something, waiting for it.
    Enter(Guard),
    /// Lets go of it.
    Leave(Guard),
    /// Puts an item.
    Put(QueueId),
    /// Takes an item.
    Get(QueueId),
    /// Sets an event.
    Set(FlagId),
    /// Waits until one is set.
    WaitFor(FlagId),
    /// Waits at a barrier.
    Meet(BarrierId),
    /// Passes a limiter.
    Pass(LimiterId),
    /// Fails.
    Fail,
    /// The wait before it fails, for the tasks whose length in this column is not zero.
    MayFail(u32),
    /// The steps up to its [`Action::AttemptsEnd`] are those of a `try`.
    AttemptsBegin,
    /// An attempt begins, which may take so long. It ends at its [`Action::AttemptEnd`]; where it fails, its task goes on
    /// behind that.
    AttemptBegin(Option<SimDuration>),
    /// The attempt has succeeded: its task goes on behind the [`Action::AttemptsEnd`].
    AttemptEnd,
    /// There is another attempt.
    Retry,
    /// The end of all attempts, and of what is done when the last one has failed.
    AttemptsEnd {
        /// Whether that is nothing: then the task fails here.
        fails: bool,
    },
    /// Lists of steps are done at the same time, up to the [`Action::FanEnd`] that stands there in the script.
    FanBegin(Until, u32),
    /// The list of that number begins: the lists of a task are numbered from 1.
    ListBegin(u32),
    /// It ends.
    ListEnd,
    /// Waits for the lists: the last of the step that does them.
    FanEnd,
    /// The steps up to the matching end, which stands there in the script, run in an executor.
    OffloadBegin(OffloadTo, u32),
    /// The end of an offload.
    OffloadEnd,
}

/// How long a step takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// The same for every task.
    Constant(SimDuration),
    /// Drawn: the column that holds it.
    Drawn(u32),
}

/// What a step spends its length on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spent {
    /// Waiting, perhaps on a site.
    Waiting(Option<SiteId>),
    /// CPU time, perhaps of a named computation.
    Computing(Option<ComputationId>),
}

impl Action {
    /// What it spends its length on, and the length, if it has one.
    pub const fn spends(self) -> Option<(Spent, Length)> {
        match self {
            Self::Wait(site, length) | Self::Block(site, length) => {
                Some((Spent::Waiting(site), length))
            }
            Self::Compute(computation, length) => Some((Spent::Computing(computation), length)),
            Self::Yield
            | Self::Acquire(_)
            | Self::Release(_)
            | Self::Enter(_)
            | Self::Leave(_)
            | Self::Put(_)
            | Self::Get(_)
            | Self::Set(_)
            | Self::WaitFor(_)
            | Self::Meet(_)
            | Self::Pass(_)
            | Self::Fail
            | Self::MayFail(_)
            | Self::AttemptsBegin
            | Self::AttemptBegin(_)
            | Self::AttemptEnd
            | Self::Retry
            | Self::AttemptsEnd { .. }
            | Self::FanBegin(..)
            | Self::ListBegin(_)
            | Self::ListEnd
            | Self::FanEnd
            | Self::OffloadBegin(..)
            | Self::OffloadEnd => None,
        }
    }

    /// The length of a computation.
    pub(super) const fn computing_mut(&mut self) -> Option<&mut Length> {
        if let Self::Compute(_, length) = self { Some(length) } else { None }
    }

    /// Where what begins with it ends.
    pub(super) const fn end_mut(&mut self) -> Option<&mut u32> {
        match self {
            Self::OffloadBegin(_, end) | Self::FanBegin(_, end) => Some(end),
            _ => None,
        }
    }

    /// The semaphore of which it takes or gives back a permit on its own, not for the length of other steps.
    pub const fn counted(self) -> Option<SemaphoreId> {
        match self {
            Self::Acquire(semaphore) | Self::Release(semaphore) => Some(semaphore),
            _ => None,
        }
    }

    /// Whether its length keeps the thread of an event loop.
    pub(crate) const fn keeps_loop(self) -> bool {
        matches!(self, Self::Block(..) | Self::Compute(..))
    }

    /// Burns CPU with Python code.
    pub(super) const fn computing(length: Length) -> Self {
        Self::Compute(None, length)
    }

    /// Whether it is a step of its own: neither the mark of a place nor the end of another one.
    pub const fn is_leaf(self) -> bool {
        !matches!(
            self,
            Self::MayFail(_)
                | Self::AttemptsBegin
                | Self::AttemptBegin(_)
                | Self::AttemptEnd
                | Self::Retry
                | Self::AttemptsEnd { .. }
                | Self::FanBegin(..)
                | Self::ListBegin(_)
                | Self::ListEnd
                | Self::OffloadBegin(..)
                | Self::OffloadEnd
        )
    }

    /// Whether its task may fail with it.
    pub const fn may_fail(self) -> bool {
        matches!(self, Self::Fail | Self::MayFail(_) | Self::AttemptsEnd { fails: true })
    }

    /// Who does the steps after it, if that changes: an executor, or the task itself again.
    pub const fn hands_over_to(self) -> Option<Option<OffloadTo>> {
        match self {
            Self::OffloadBegin(to, _) => Some(Some(to)),
            Self::OffloadEnd => Some(None),
            _ => None,
        }
    }
}

/// The steps of a script that are done when every first attempt succeeds.
pub(crate) fn without_repair(script: &[Step]) -> impl Iterator<Item = &Step> {
    // The tries that have begun; of each, whether its first attempt is over.
    let mut over: Vec<bool> = Vec::new();
    script.iter().filter(move |step| {
        match step.action {
            Action::AttemptsBegin => over.push(false),
            Action::AttemptsEnd { .. } => _ = over.pop(),
            _ => {}
        }
        let is_done = !over.contains(&true);
        if let (Action::AttemptEnd, Some(last)) = (step.action, over.last_mut()) {
            *last = true;
        }
        is_done
    })
}

/// A script in the making.
pub(super) struct Script<'a> {
    setting: &'a Setting,
    pub(super) steps: Vec<Step>,
    /// The steps whose length differs from task to task, or that fail for some.
    pub(super) drawn: Vec<Draw<'a>>,
    /// How many columns there are already.
    columns_before: usize,
    leaf: u32,
    /// How many lists there are so far of those that are done at the same time.
    pub(super) lists: u32,
    /// How often each cycle was used so far in a task, by the address of its distribution.
    uses: Vec<(*const Distribution, u32)>,
}

/// A step whose length differs from task to task, or that fails for some tasks.
pub(super) struct Draw<'a> {
    pub(super) leaf: u32,
    pub(super) what: Drawn<'a>,
}

/// What is drawn for a step.
#[derive(Clone, Copy)]
pub(super) enum Drawn<'a> {
    /// How long it takes.
    Length(Times<'a>),
    /// Whether it fails: a length that is not zero stands for yes.
    Failure(Odds),
    /// How long it takes where it may fail after another time.
    LengthOrFailure(Times<'a>, Odds, SimDuration),
    /// How long it takes: anything between these two.
    Between(SimDuration, SimDuration),
}

/// Lengths of a distribution.
#[derive(Clone, Copy)]
pub(super) struct Times<'a> {
    pub(super) distribution: &'a Distribution,
    /// How many earlier steps of the task used the same cycle.
    pub(super) uses_before: u32,
}

/// How likely something is, from 0 to 1.
#[derive(Clone, Copy)]
pub(super) struct Odds(pub(super) f64);

impl<'a> Script<'a> {
    /// The steps as executed. Their columns come after so many of other entries.
    pub(super) fn of(specs: &'a [StepSpec], setting: &'a Setting, columns_before: usize) -> Self {
        let (steps, drawn, uses) = (Vec::new(), Vec::new(), Vec::new());
        let mut script = Self { setting, steps, drawn, columns_before, leaf: 0, lists: 0, uses };
        script.unroll(specs);
        script
    }

    fn unroll(&mut self, specs: &'a [StepSpec]) {
        for spec in specs {
            match spec {
                StepSpec::Repeat { times, steps } => {
                    for _ in 0..*times {
                        self.unroll(steps);
                    }
                }
                StepSpec::Try(attempts) => self.attempts(attempts),
                StepSpec::All(fan) | StepSpec::First(fan) => self.fan(fan),
                StepSpec::Offload { to, steps } => {
                    let begin = self.steps.len();
                    self.push(Action::OffloadEnd);
                    self.unroll(steps);
                    let end = position(self.steps.len());
                    self.steps[begin].action = Action::OffloadBegin(*to, end);
                    self.push(Action::OffloadEnd);
                }
                StepSpec::With { guard, steps } => {
                    self.leaf(|_| Action::Enter(*guard));
                    self.unroll(steps);
                    self.leaf(|_| Action::Leave(*guard));
                }
                StepSpec::Wait(on) => self.wait(on, Action::Wait),
                StepSpec::Block(on) => self.wait(on, Action::Block),
                StepSpec::Compute(work) => self.leaf(|script| {
                    let (computation, length) = script.work(work);
                    Action::Compute(computation, length)
                }),
                StepSpec::Yield => self.leaf(|_| Action::Yield),
                StepSpec::Acquire(semaphore) => self.leaf(|_| Action::Acquire(*semaphore)),
                StepSpec::Release(semaphore) => self.leaf(|_| Action::Release(*semaphore)),
                StepSpec::Put(queue) => self.leaf(|_| Action::Put(*queue)),
                StepSpec::Get(queue) => self.leaf(|_| Action::Get(*queue)),
                StepSpec::Set(flag) => self.leaf(|_| Action::Set(*flag)),
                StepSpec::WaitFor(flag) => self.leaf(|_| Action::WaitFor(*flag)),
                StepSpec::Meet(barrier) => self.leaf(|_| Action::Meet(*barrier)),
                StepSpec::Pass(limiter) => self.leaf(|_| Action::Pass(*limiter)),
                StepSpec::Fail => self.leaf(|_| Action::Fail),
            }
        }
    }

    /// All attempts, one after the other, each with steps of its own; then what is done when the last one has failed.
    fn attempts(&mut self, spec: &'a Try) {
        self.push(Action::AttemptsBegin);
        for number in 0..spec.attempts() {
            if let Some((retry, number)) = spec.retry.zip(number.checked_sub(1)) {
                self.back_off(&retry, number);
                self.push(Action::Retry);
            }
            self.push(Action::AttemptBegin(spec.timeout));
            self.unroll(&spec.steps);
            self.push(Action::AttemptEnd);
        }
        self.unroll(spec.otherwise.as_deref().unwrap_or_default());
        self.push(Action::AttemptsEnd { fails: spec.otherwise.is_none() });
    }

    /// Lists of steps, one after the other, each with steps of its own.
    fn fan(&mut self, fan: &'a Fan) {
        let begin = self.steps.len();
        self.push(Action::FanEnd);
        for lists in &fan.lists {
            for _ in 0..lists.times {
                self.lists += 1;
                self.push(Action::ListBegin(self.lists));
                self.unroll(&lists.steps);
                self.push(Action::ListEnd);
            }
        }
        self.steps[begin].action = Action::FanBegin(fan.until, position(self.steps.len()));
        self.leaf(|_| Action::FanEnd);
    }

    /// The wait before a retry: a step, unless it is never longer than nothing.
    fn back_off(&mut self, retry: &Retry, number: u32) {
        let [shortest, longest] = retry.wait(number);
        if longest.is_zero() {
            return;
        }
        self.leaf(|script| {
            let length = if shortest == longest {
                Length::Constant(longest)
            } else {
                Length::Drawn(script.draw(Drawn::Between(shortest, longest)))
            };
            Action::Wait(None, length)
        });
    }

    fn push(&mut self, action: Action) {
        self.steps.push(Step { leaf: self.leaf, action });
    }

    fn leaf(&mut self, action: impl FnOnce(&mut Self) -> Action) {
        let action = action(self);
        self.push(action);
        self.leaf += 1;
    }

    /// A wait, which may fail at a site.
    fn wait(&mut self, on: &'a WaitOn, action: fn(Option<SiteId>, Length) -> Action) {
        match on {
            WaitOn::Site(id) => {
                let site = &self.setting.sites[id.index()];
                let length = self.latency(site);
                self.push(action(Some(*id), length));
                if site.fails > 0.0 {
                    let column = self.draw(Drawn::Failure(Odds(site.fails)));
                    self.push(Action::MayFail(column));
                }
            }
            WaitOn::Time(distribution) => {
                let length = self.length(distribution);
                self.push(action(None, length));
            }
        }
        self.leaf += 1;
    }

    /// How long a wait on a site takes, if it fails, too.
    fn latency(&mut self, site: &'a Site) -> Length {
        let Some(after) = site.fails_after.filter(|_| site.fails > 0.0) else {
            return self.length(&site.latency);
        };
        let times = self.times(&site.latency);
        Length::Drawn(self.draw(Drawn::LengthOrFailure(times, Odds(site.fails), after)))
    }

    fn work(&mut self, work: &'a Work) -> (Option<ComputationId>, Length) {
        match work {
            Work::Named(computation) => {
                let setting = self.setting;
                (Some(*computation), self.length(&setting.computations[computation.index()].time))
            }
            Work::Time(distribution) => (None, self.length(distribution)),
        }
    }

    fn length(&mut self, distribution: &'a Distribution) -> Length {
        if let Distribution::Constant(constant) = distribution {
            return Length::Constant(*constant);
        }
        let times = self.times(distribution);
        Length::Drawn(self.draw(Drawn::Length(times)))
    }

    fn times(&mut self, distribution: &'a Distribution) -> Times<'a> {
        Times { distribution, uses_before: self.count_use(distribution) }
    }

    /// Draws something for the step at hand. Returns its column.
    fn draw(&mut self, what: Drawn<'a>) -> u32 {
        self.drawn.push(Draw { leaf: self.leaf, what });
        position(self.columns_before + self.drawn.len() - 1)
    }

    /// Counts the uses of a cycle within a task; other distributions need no count.
    fn count_use(&mut self, distribution: &'a Distribution) -> u32 {
        if !matches!(distribution, Distribution::Cycle(_)) {
            return 0;
        }
        let address = std::ptr::from_ref(distribution);
        if let Some((_, uses)) = self.uses.iter_mut().find(|(known, _)| *known == address) {
            *uses += 1;
            return *uses - 1;
        }
        self.uses.push((address, 1));
        0
    }
}
