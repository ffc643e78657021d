//! A plan in the making: the parts that all tools share.

use crate::ids::{BarrierId, ChannelId, EventLoopId, ExecutorId, ItemCostId, NameId, SemaphoreId};
use crate::model::{Scenario, ToolRun};
use crate::plan::{
    BarrierRules, ChannelRules, Code, EntryCode, ExecutorRules, Group, ItemCost, KernelRules,
    Label, LimiterRules, LockRules, MachineRules, MemoryRules, Plan, QueueRules, SemaphoreRules,
    SiteRules,
};
use crate::profile::{Cost, MachineCosts, Profile, StartCosts};
use crate::time::SimDuration;
use crate::trace::Names;
use crate::workload::Workload;

use super::ENGINE_NAMES;
use super::attempts::{Landing, OpenTry};
use super::event_loop::EventLoop;
use super::fans::Fans;
use super::shared::Aids;

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub(super) tool: &'a ToolRun,
    pub(super) code: Code,
    pub(super) plan: Plan,
    pub(super) event_loops: Vec<EventLoop>,
    /// What there is beside what tasks share.
    pub(super) aids: Aids,
    /// The lock of each event, then of each barrier, then of each limiter; none where they cost nothing.
    pub(super) gate_locks: Vec<SemaphoreId>,
    /// The barriers that somebody may give up, which breaks them.
    pub(super) may_break: Vec<BarrierId>,
    /// Whether what is written now is run by the thread of an event loop.
    pub(super) is_loop_thread: bool,
    /// Where the steps go on that are being written, if they fail; the innermost last.
    pub(super) landings: Vec<Landing>,
    /// The tries whose steps are being written; the innermost last.
    pub(super) tries: Vec<OpenTry>,
    /// The steps that do lists of steps at the same time.
    pub(super) fans: Fans,
    /// Whether steps are being written that nobody gives up, whatever the time.
    pub(super) is_kept: bool,
    /// Where the program of native threads begins, if computations have some.
    pub(super) native: Option<Label>,
    groups: u8,
    onces: u8,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        scenario: &Scenario,
        tool: &'a ToolRun,
        workload: Workload,
        replicate: u32,
    ) -> Self {
        let mut names = Names::default();
        for name in ENGINE_NAMES {
            names.intern(name);
        }
        let setting = &tool.setting;
        let profile = &setting.interpreter.profile;
        let sites = setting.sites.iter();
        let sites = sites.map(|it| SiteRules::of(it, names.intern(&it.name))).collect();
        let computations =
            setting.computations.iter().map(|it| (names.intern(&it.name), it.lock)).collect();
        let semaphores = semaphores(scenario, profile, &mut names);
        let first_lock = scenario.semaphores.len();
        let plan = Plan {
            names,
            workload,
            machine: machine_rules(tool),
            lock: setting.interpreter.lock.then(|| LockRules {
                switch_interval: setting.interpreter.switch_interval,
                requester_permille: profile.lock.requester_permille,
                retake: profile.lock.retake.0,
            }),
            compute_permille: u64::from(profile.compute_permille),
            parallel: setting.computations.iter().map(|it| it.parallel).collect(),
            hand_over_permille: profile.sharing.hand_over_permille(),
            sites,
            computations,
            first_lock,
            scenario_semaphores: semaphores.len(),
            semaphores,
            flags: Vec::new(),
            barriers: Vec::new(),
            limiters: Vec::new(),
            gate_wake: SimDuration::ZERO,
            queues: Vec::new(),
            channels: Vec::new(),
            executors: Vec::new(),
            event_loops: Vec::new(),
            delivers_results: false,
            listens: None,
            limits_coroutines: false,
            item_costs: Vec::new(),
            code: Vec::new(),
            tool_instructions: 0,
            entries: Vec::new(),
            fans: Vec::new(),
            cold: SimDuration::ZERO,
            memory: memory_rules(tool),
            seed: scenario.seed ^ (u64::from(replicate) << 32),
        };
        let mut builder = Self {
            tool,
            code: Code::default(),
            plan,
            event_loops: Vec::new(),
            aids: Aids::None,
            gate_locks: Vec::new(),
            may_break: Vec::new(),
            is_loop_thread: false,
            landings: Vec::new(),
            tries: Vec::new(),
            fans: Fans::default(),
            is_kept: false,
            native: None,
            groups: 1,
            onces: 0,
        };
        builder.name_shared(scenario);
        builder.share();
        builder.begin_program();
        builder
    }

    /// The program of the main thread begins.
    fn begin_program(&mut self) {
        let main = self.code.label();
        self.program(main);
    }

    /// The queues, events, barriers and limiters of the scenario.
    fn name_shared(&mut self, scenario: &Scenario) {
        let Plan { names, queues, flags, barriers, limiters, .. } = &mut self.plan;
        queues.extend(scenario.queues.iter().map(|it| QueueRules {
            name: names.intern(&it.name),
            capacity: it.capacity,
            wake: SimDuration::ZERO,
            is_pipe: false,
        }));
        flags.extend(scenario.flags.iter().map(|it| names.intern(&it.name)));
        barriers.extend(
            scenario
                .barriers
                .iter()
                .map(|it| BarrierRules { name: names.intern(&it.name), parties: it.parties }),
        );
        limiters.extend(scenario.limiters.iter().map(|it| LimiterRules {
            name: names.intern(&it.name),
            gap: it.gap,
            burst: it.burst,
        }));
        self.note_what_may_break(scenario);
    }

    pub(super) fn finish(mut self) -> Plan {
        self.write_queue_feeders();
        self.native = self.write_native();
        self.plan.tool_instructions = self.code.position().0 as usize;
        let next_handles = self.write_event_loops();
        let entries = self.write_scripts();
        let (code, place) = std::mem::take(&mut self.code).finish();
        self.finish_fans(&place);
        for (rules, label) in self.plan.event_loops.iter_mut().zip(next_handles) {
            rules.next_handle = place(label);
        }
        if self.plan.listens.is_some() {
            let rules = self.plan.event_loops[0];
            self.plan.event_loops.resize(self.tool.serving.processes as usize, rules);
        }
        let event_loop = (!self.event_loops.is_empty()).then_some(EventLoopId(0));
        let start = |label| EntryCode { start: place(label), event_loop };
        self.plan.entries = entries.into_iter().map(start).collect();
        self.plan.code = code;
        self.plan
    }

    /// What a pool's bookkeeping costs more on a cold core; of two pools, the dearer.
    pub(super) fn cools_by(&mut self, cold: Cost) {
        self.plan.cold = self.plan.cold.max(cold.0);
    }

    pub(super) fn profile(&self) -> &'a Profile {
        &self.tool.setting.interpreter.profile
    }

    pub(super) fn workload(&self) -> &Workload {
        &self.plan.workload
    }

    pub(super) fn name(&mut self, name: &str) -> NameId {
        self.plan.names.intern(name)
    }

    pub(super) fn group(&mut self) -> Group {
        self.groups += 1;
        Group(self.groups)
    }

    pub(super) fn once(&mut self) -> u8 {
        self.onces += 1;
        self.onces
    }

    /// A queue of the interpreter, with a lock that its takers sleep on.
    pub(super) fn channel(&mut self, hand_off: bool) -> ChannelId {
        let Cost(wake) = self.profile().machine.wake_call;
        let in_each_process = self.plan.listens.is_some();
        self.channel_with(ChannelRules { hand_off, wake, is_pipe: false, in_each_process })
    }

    /// A pipe.
    pub(super) fn pipe(&mut self) -> ChannelId {
        let Cost(wake) = self.profile().pipe.wake;
        let hand_off = false;
        self.channel_with(ChannelRules { hand_off, wake, is_pipe: true, in_each_process: false })
    }

    pub(super) fn channel_with(&mut self, rules: ChannelRules) -> ChannelId {
        self.plan.channels.push(rules);
        ChannelId::at(self.plan.channels.len() - 1)
    }

    pub(super) fn semaphore(&mut self, name: &str, permits: u32) -> SemaphoreId {
        let name = self.name(name);
        self.semaphore_with(semaphore_rules(self.profile(), name, permits))
    }

    pub(super) fn semaphore_with(&mut self, rules: SemaphoreRules) -> SemaphoreId {
        self.plan.semaphores.push(rules);
        SemaphoreId::at(self.plan.semaphores.len() - 1)
    }

    pub(super) fn executor(&mut self, workers: u32, all_at_once: bool) -> ExecutorId {
        let in_each_process = self.plan.listens.is_some();
        self.plan.executors.push(ExecutorRules { workers, all_at_once, in_each_process });
        ExecutorId::at(self.plan.executors.len() - 1)
    }

    /// A cost that grows with items.
    pub(super) fn item_cost(&mut self, cost: ItemCost) -> ItemCostId {
        self.plan.item_costs.push(cost);
        ItemCostId::at(self.plan.item_costs.len() - 1)
    }

    pub(super) fn start_costs(&self) -> &'a StartCosts {
        self.profile().start(self.tool.start)
    }
}

/// The semaphores of the scenario, then its locks.
fn semaphores(scenario: &Scenario, profile: &Profile, names: &mut Names) -> Vec<SemaphoreRules> {
    let semaphores = scenario.semaphores.iter();
    let mut rules: Vec<SemaphoreRules> =
        semaphores.map(|it| semaphore_rules(profile, names.intern(&it.name), it.permits)).collect();
    rules.extend(scenario.locks.iter().map(|it| lock_rules(profile, names.intern(&it.name))));
    rules
}

/// asyncio's semaphores are first come, first served since 3.10; those of threads never are.
fn semaphore_rules(profile: &Profile, name: NameId, permits: u32) -> SemaphoreRules {
    let hands_over = profile.python >= 10;
    let (is_lock, fair_after, wake, stands_for) = (false, None, SimDuration::ZERO, None);
    SemaphoreRules { name, permits, is_lock, hands_over, fair_after, wake, stands_for }
}

/// A lock has one permit. `asyncio.Lock` goes by the line in every version (CPython `Lib/asyncio/locks.py`); under
/// `ideal` all do.
fn lock_rules(profile: &Profile, name: NameId) -> SemaphoreRules {
    let (permits, is_lock, hands_over) = (1, true, true);
    let fair_after = profile.exact.then_some(SimDuration::ZERO);
    let (wake, stands_for) = (SimDuration::ZERO, None);
    SemaphoreRules { name, permits, is_lock, hands_over, fair_after, wake, stands_for }
}

fn machine_rules(tool: &ToolRun) -> MachineRules {
    let machine = &tool.setting.machine;
    let profile = &tool.setting.interpreter.profile;
    let costs = &profile.machine;
    MachineRules {
        kernel: kernel_rules(profile),
        cores: machine.cores,
        quantum: machine.quantum,
        wake_latency: machine.wake_latency,
        wake_latency_deep: deep_latency(machine.wake_latency, costs),
        interrupt: costs.interrupt.0,
        wake_call: costs.wake_call.0,
        wake_spread_permille: u64::from(costs.wake_spread_permille),
        wake_latency_same: costs.wake_latency_same.0.min(machine.wake_latency),
        context_switch: costs.context_switch.0,
        timer_call: costs.timer_call.0,
        base_slice: base_slice(costs.base_slice.0, machine.cores).min(machine.quantum),
        timer_slack: costs.timer_slack.0,
        sleep_zero: (profile.exact || profile.python <= 10).then_some(profile.thread.sleep_zero.0),
    }
}

fn kernel_rules(profile: &Profile) -> KernelRules {
    let newidle_permille = u64::from(profile.machine.newidle_permille);
    match (profile.exact, profile.machine.wakes_in_place) {
        (true, _) => KernelRules::Exact,
        (false, true) => KernelRules::InPlace { newidle_permille },
        (false, false) => KernelRules::ByNumber,
    }
}

/// Of a latency that the scenario sets, deep idling makes as many times more as of the profile's own.
fn deep_latency(latency: SimDuration, costs: &MachineCosts) -> SimDuration {
    let (plain, deep) = (costs.wake_latency.0, costs.wake_latency_deep.0);
    if deep <= plain || plain.is_zero() {
        return latency;
    }
    latency.scaled(deep.as_nanos(), plain.as_nanos())
}

/// A kernel's slices grow with its cores (`get_update_sysctl_factor` in Linux `kernel/sched/fair.c`).
fn base_slice(on_one_core: SimDuration, cores: u32) -> SimDuration {
    on_one_core * u64::from(1 + cores.min(8).ilog2())
}

fn memory_rules(tool: &ToolRun) -> MemoryRules {
    let profile = &tool.setting.interpreter.profile;
    MemoryRules {
        base: profile.memory.base,
        thread: profile.memory.thread,
        coroutine: profile.memory.coroutine,
        process: profile.start(tool.start).memory,
        interpreter: profile.memory.interpreter,
    }
}
