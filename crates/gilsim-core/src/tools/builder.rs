//! A plan in the making: the parts that all tools share, and words for their programs.

use crate::ids::{NameId, SemaphoreId};
use crate::model::{LockMode, Scenario, ToolRun};
use crate::plan::{
    ChannelId, ChannelRules, Code, ExecutorId, ExecutorRules, Group, KernelRules, Label, LockRules,
    LoopRules, MachineRules, MemoryRules, Op, Plan, SemaphoreRules, SiteRules, Start,
};
use crate::profile::{Cost, MachineCosts, Profile, StartCosts};
use crate::time::SimDuration;
use crate::trace::Names;
use crate::workload::Workload;

use super::ENGINE_NAMES;

/// A plan in the making.
pub(super) struct Builder<'a> {
    pub(super) tool: &'a ToolRun,
    pub(super) code: Code,
    plan: Plan,
    groups: u8,
    onces: u8,
    /// What becomes of the event loop's submit programs once the code is finished.
    submits: [Option<Label>; 2],
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
        let sites = setting.sites.iter().map(|it| SiteRules::of(it, names.intern(&it.name)));
        let sites = sites.collect();
        let computations =
            setting.computations.iter().map(|it| (names.intern(&it.name), it.lock)).collect();
        let semaphores = scenario.semaphores.iter();
        let semaphores = semaphores
            .map(|it| SemaphoreRules { name: names.intern(&it.name), permits: it.permits })
            .collect();
        let queues = scenario.queues.iter().map(|it| (names.intern(&it.name), it.capacity));
        let queues = queues.collect();
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
            sites,
            computations,
            semaphores,
            scenario_semaphores: scenario.semaphores.len(),
            queues,
            channels: Vec::new(),
            executors: Vec::new(),
            event_loop: None,
            code: Vec::new(),
            memory: memory_rules(tool),
            seed: scenario.seed ^ (u64::from(replicate) << 32),
        };
        Self { tool, code: Code::default(), plan, groups: 1, onces: 0, submits: [None; 2] }
    }

    pub(super) fn finish(mut self) -> Plan {
        let (code, place) = self.code.finish();
        if let Some(event_loop) = &mut self.plan.event_loop {
            event_loop.submit_to_threads = self.submits[0].map(&place);
            event_loop.submit_to_processes = self.submits[1].map(&place);
        }
        self.plan.code = code;
        self.plan
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
        self.channel_with(ChannelRules { hand_off, wake, is_pipe: false })
    }

    /// A pipe.
    pub(super) fn pipe(&mut self) -> ChannelId {
        let Cost(wake) = self.profile().pipe.wake;
        self.channel_with(ChannelRules { hand_off: false, wake, is_pipe: true })
    }

    fn channel_with(&mut self, rules: ChannelRules) -> ChannelId {
        self.plan.channels.push(rules);
        ChannelId(u32::try_from(self.plan.channels.len() - 1).expect("tools have few channels"))
    }

    pub(super) fn semaphore(&mut self, name: &str, permits: u32) -> SemaphoreId {
        let name = self.name(name);
        self.plan.semaphores.push(SemaphoreRules { name, permits });
        SemaphoreId::at(self.plan.semaphores.len() - 1)
    }

    pub(super) fn executor(&mut self, workers: u32, all_at_once: bool) -> ExecutorId {
        self.plan.executors.push(ExecutorRules { workers, all_at_once });
        ExecutorId(u32::try_from(self.plan.executors.len() - 1).expect("tools have few executors"))
    }

    pub(super) fn event_loop(&mut self, rules: LoopRules) {
        self.plan.event_loop = Some(rules);
    }

    /// Where the loop submits to its default executor.
    pub(super) fn submit_to_threads_at(&mut self, label: Label) {
        self.submits[0] = Some(label);
    }

    /// Where the loop submits to its process pool.
    pub(super) fn submit_to_processes_at(&mut self, label: Label) {
        self.submits[1] = Some(label);
    }

    /// Bookkeeping in Python.
    pub(super) fn spend(&mut self, name: &str, cost: Cost) {
        self.spend_with(name, cost, LockMode::Held);
    }

    /// Bookkeeping that keeps the lock or does without it.
    pub(super) fn spend_with(&mut self, name: &str, Cost(length): Cost, lock: LockMode) {
        let name = self.name(name);
        if !length.is_zero() {
            self.code.push(Op::Spend { length, name, lock });
        }
    }

    /// A write to a pipe: a short time without the lock, in which somebody else may take it.
    pub(super) fn write_to_pipe(&mut self) {
        let cost = self.profile().pipe.write;
        self.spend_with("pipe", cost, LockMode::Released);
    }

    /// The same for a read of what is there.
    pub(super) fn read_from_pipe(&mut self) {
        let cost = self.profile().pipe.read;
        self.spend_with("pipe", cost, LockMode::Released);
    }

    /// Waits on a channel as `poll` does, which gives the lock up even if there is something already.
    pub(super) fn poll_pipe(&mut self, channel: ChannelId) {
        let name = self.name("pipe");
        let Cost(length) = self.profile().pipe.poll;
        if !length.is_zero() {
            self.code.push(Op::Poll { channel, length, name });
        }
    }

    /// Pickling or unpickling what goes to a worker, on one side of a pipe.
    pub(super) fn spend_on_sent(&mut self, name: &str, base: Cost, further: Cost, per_mib: u64) {
        let name = self.name(name);
        self.code.push(Op::SpendOnItem {
            base: base.0,
            each_further: further.0,
            sent_per_mib: per_mib,
            received_per_mib: 0,
            name,
        });
    }

    /// Pickling or unpickling what comes back from a worker, on one side of a pipe.
    pub(super) fn spend_on_received(&mut self, name: &str, base: Cost, per_mib: u64) {
        let name = self.name(name);
        self.code.push(Op::SpendOnItem {
            base: base.0,
            each_further: SimDuration::ZERO,
            sent_per_mib: 0,
            received_per_mib: per_mib,
            name,
        });
    }

    /// `Thread.start()`, with the item at hand where `with_item`.
    pub(super) fn start_thread(&mut self, program: Label, group: Group, with_item: bool) {
        let cost = self.profile().thread.start;
        self.spend("start", cost);
        let start = Start { program: program.target(), group, with_item };
        self.code.push(Op::StartThread(start));
    }

    /// What every thread does first.
    pub(super) fn boot_thread(&mut self) {
        let cost = self.profile().thread.boot;
        self.spend("start", cost);
        self.code.push(Op::Started);
    }

    /// The end of a thread.
    pub(super) fn exit_thread(&mut self) {
        let cost = self.profile().thread.exit;
        self.spend("exit", cost);
        self.code.push(Op::Exit);
    }

    /// `Process.start()`, with the item at hand where `with_item`.
    pub(super) fn start_process(&mut self, program: Label, group: Group, with_item: bool) {
        let costs = *self.start_costs();
        if !costs.first.0.is_zero() {
            let again = self.code.label();
            let flag = self.once();
            self.code.push(Op::Once { flag, again: again.target() });
            self.spend_with("start", costs.first, LockMode::Released);
            self.code.place(again);
        }
        let after = costs.after.0.min(costs.parent.0);
        self.spend_with("start", Cost(costs.parent.0 - after), LockMode::Kept);
        let start = Start { program: program.target(), group, with_item };
        self.code.push(Op::StartProcess(start));
        self.spend_with("start", Cost(after), LockMode::Kept);
    }

    /// What a parent pays for, soon after it forked: its own memory is shared, and copied when it is written to.
    pub(super) fn copy_pages(&mut self) {
        let cost = self.start_costs().parent_copies;
        self.spend("copy", cost);
    }

    /// What every process does first.
    pub(super) fn boot_process(&mut self) {
        let cost = self.start_costs().child;
        self.spend("start", cost);
    }

    /// The end of a process: the kernel takes it down.
    pub(super) fn exit_process(&mut self) {
        let cost = self.profile().process.exit;
        self.spend_with("exit", cost, LockMode::Released);
        self.code.push(Op::Exit);
    }

    pub(super) fn join_threads(&mut self, group: Group) {
        let each = self.profile().thread.join.0;
        self.code.push(Op::Join { group, each });
    }

    pub(super) fn join_processes(&mut self, group: Group) {
        let each = self.profile().process.join.0;
        self.code.push(Op::Join { group, each });
    }

    /// A loop over all tasks as they arrive, `chunk` at a time.
    pub(super) fn for_each_arrival(&mut self, chunk: u32, body: impl FnOnce(&mut Self)) {
        let again = self.code.here();
        let none = self.code.label();
        self.code.push(Op::NextArrival { chunk, none: none.target() });
        body(self);
        self.code.push(Op::Jump(again.target()));
        self.code.place(none);
    }

    /// Takes an item from a channel that nobody nudges.
    pub(super) fn take(&mut self, from: ChannelId, closed: Label) {
        let again = self.code.here();
        self.code.push(Op::Take { from, nudged: again.target(), closed: closed.target() });
    }

    /// Hands the results of the item at hand over; to an event loop that means `call_soon_threadsafe`.
    pub(super) fn deliver(&mut self) {
        if self.plan.event_loop.is_some() {
            let cost = self.profile().event_loop.call_threadsafe;
            self.spend("complete", cost);
        }
        self.code.push(Op::Deliver);
    }

    /// Results of all tasks in order of arrival.
    pub(super) fn collect(&mut self, cost: Cost) {
        let name = self.name("result");
        self.code.push(Op::Collect { each: cost.0, name });
    }

    pub(super) fn start_costs(&self) -> &'a StartCosts {
        self.profile().start(self.tool.start)
    }
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
