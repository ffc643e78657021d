//! The laws that every trace obeys (docs/contract.md, "Laws of the trace"), checked after the run.
//!
//! Written independently of the engine and on purpose without cleverness: all rows are kept (64 bytes
//! each), and each law reads them afresh.

mod followed;
mod held;
mod laws;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

pub use followed::Followed;
pub use held::Held;

use crate::ids::{NameId, TaskId};
use crate::model::ToolRun;
use crate::plan::{KernelRules, Plan};
use crate::time::SimDuration;
use crate::tools::Carrier;
use crate::trace::{Finished, Names, Passed, Row, Sink};

/// What an audit has to know of a run beyond its rows.
pub struct AuditSetting<'a> {
    /// Cores of the machine.
    pub cores: u32,
    /// Whether there is an interpreter lock; then there is one in each process.
    pub locked: bool,
    /// Whether each thread has an interpreter, and so a lock, of its own (interpreter pools).
    pub per_thread_lock: bool,
    /// Whether a woken thread waits for its own core even while another one idles: a machine whose profile says so
    /// is not bound by [`Law::NoIdleCore`].
    pub wakes_in_place: bool,
    /// The sites that have a limit of connections, by the name that their rows carry.
    pub sites: Vec<(NameId, u32)>,
    /// The numbers of the first tasks of closed loops and of what comes after them, and how many clients send those.
    pub clients: Vec<(Range<u32>, u32)>,
    /// The numbers of tasks that come after others, and what they wait for.
    pub followers: Vec<Followed>,
    /// What tasks hold during a `with`.
    pub held: Held,
    /// The limiters: in what time a token comes, and how many there are at most.
    pub limiters: Vec<(SimDuration, u32)>,
    /// CPU time that the profile makes of a task's leaf step; `None` where that step computes nothing.
    pub demanded: Box<dyn Fn(TaskId, u32) -> Option<SimDuration> + 'a>,
    /// Whether a task's leaf step may be cut short or left out.
    pub optional: Box<dyn Fn(TaskId, u32) -> bool + 'a>,
    /// The names of the rows, for messages.
    pub names: &'a Names,
}

impl<'a> AuditSetting<'a> {
    /// What an audit has to know of a plan for a tool.
    pub fn of(run: &ToolRun, plan: &'a Plan) -> Self {
        let limited = plan.sites.iter().filter_map(|site| Some((site.name, site.connections?)));
        Self {
            cores: plan.machine.cores,
            locked: plan.lock.is_some(),
            per_thread_lock: run.descriptor().carrier == Carrier::Interpreter,
            wakes_in_place: matches!(plan.machine.kernel, KernelRules::InPlace { .. }),
            sites: limited.collect(),
            clients: plan.workload.closed_loops(),
            followers: Followed::all(&plan.workload),
            held: Held::of(plan),
            limiters: plan.limiters.iter().map(|it| (it.gap, it.burst)).collect(),
            demanded: Box::new(|task, step| plan.demanded(task, step)),
            optional: Box::new(|task, step| plan.workload.may_be_left_out(task, step)),
            names: &plan.names,
        }
    }
}

/// A law of the trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Law {
    /// Every row has a positive length.
    Length,
    /// A row has a core exactly where its state uses one.
    Core,
    /// The rows of one task partition the time from its arrival to its completion.
    Partition,
    /// One row at a time on a core.
    OneOnACore,
    /// One `running` row at a time under a lock.
    OneUnderALock,
    /// A thread is in one place at a time.
    OnePlace,
    /// No core idles beside a `ready` thread.
    NoIdleCore,
    /// A site never has more waiters than connections.
    Connections,
    /// A client has one task at a time.
    Clients,
    /// No task arrives before what it waits for is done.
    After,
    /// A lock has one holder at a time, and no more tasks hold a semaphore than it has permits.
    Held,
    /// A limiter never lets more through than its rate and its burst allow.
    Limiter,
    /// Delivered compute equals demanded compute.
    Compute,
}

/// A law broken, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which law.
    pub law: Law,
    /// What was found, with ids and times, in one sentence.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Listens to a run and checks it at its end.
pub struct Audit<'a> {
    setting: AuditSetting<'a>,
    rows: Vec<Row>,
    finished: Vec<Finished>,
    passed: Vec<Passed>,
}

impl Sink for Audit<'_> {
    fn row(&mut self, row: &Row) {
        self.rows.push(*row);
    }

    fn finished(&mut self, finished: &Finished) {
        self.finished.push(*finished);
    }

    fn passed(&mut self, passed: &Passed) {
        self.passed.push(*passed);
    }
}

impl<'a> Audit<'a> {
    /// An audit of one run.
    pub const fn new(setting: AuditSetting<'a>) -> Self {
        Self { setting, rows: Vec::new(), finished: Vec::new(), passed: Vec::new() }
    }

    /// Checks all laws; what is returned is empty where they hold.
    pub fn check(&self) -> Vec<Violation> {
        let mut found = Findings::default();
        laws::length(&self.rows, &self.setting, &mut found);
        if !found.0.is_empty() {
            // The other laws reckon with lengths.
            return found.0;
        }
        laws::core(&self.rows, &self.setting, &mut found);
        laws::partition(&self.rows, &self.finished, &self.setting, &mut found);
        laws::one_on_a_core(&self.rows, &self.setting, &mut found);
        laws::one_under_a_lock(&self.rows, &self.setting, &mut found);
        laws::one_place(&self.rows, &self.setting, &mut found);
        if !self.setting.wakes_in_place {
            laws::no_idle_core(&self.rows, &self.setting, &mut found);
        }
        laws::connections(&self.rows, &self.setting, &mut found);
        laws::clients(&self.finished, &self.setting, &mut found);
        followed::followers(&self.finished, &self.setting, &mut found);
        laws::limiters(&self.passed, &self.setting, &mut found);
        held::holders(&self.rows, &self.setting, &mut found);
        laws::compute(&self.rows, &self.finished, &self.setting, &mut found);
        found.0
    }
}

/// How many violations of one law are worded: one mistake tends to break a law at every turn.
const TOLD: usize = 10;

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, law: Law, message: impl FnOnce() -> String) {
        if self.0.iter().filter(|known| known.law == law).count() < TOLD {
            self.0.push(Violation { law, message: message() });
        }
    }
}
