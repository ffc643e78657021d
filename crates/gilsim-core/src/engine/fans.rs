//! Lists of steps that a task does at the same time: who does them, when the task goes on, and what becomes of the others.
//!
//! A list has a number as tasks have (`Workload::list_of`). In a coroutine it is a coroutine of its own, elsewhere an item: of a
//! thread of its own, or of the executor that the task runs in. What cannot be cancelled goes on for nobody, as what a coroutine
//! has offloaded and no longer waits for.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{FanId, TaskId, ThreadId};
use crate::model::Until;
use crate::plan::{End, FanOp, ForCoroutine, ForThread, Op, Pc};
use crate::time::SimTime;
use crate::trace::{Incident, Sink, State};

use super::event_loop::Handle;
use super::sync::Waiter;
use super::tasks::OffThread;
use super::thread::Item;
use super::{Engine, Flow};

/// The lists of all tasks that are being done.
#[derive(Default, Debug)]
pub(super) struct Fans {
    /// What each is at, the outermost first: only those that are done one after the other are within each other.
    open: BTreeMap<Waiter, Vec<Open>>,
    /// The lists under way that somebody waits for.
    lists: BTreeMap<TaskId, List>,
    /// Those that go on for nobody, or would if a thread began them.
    lost: BTreeSet<TaskId>,
}

/// A step that does lists.
#[derive(Debug)]
struct Open {
    fan: FanId,
    /// The numbers of its lists, as those of tasks.
    lists: Vec<TaskId>,
    /// How many of them have been begun.
    begun: usize,
    /// What the thread had at hand before it took them up.
    item: Item,
    /// How many have not ended.
    left: usize,
    /// Whether the first one to end has failed, if one has ended.
    first: Option<bool>,
    /// Whether any has failed.
    failed: bool,
    /// Whether those that have not ended are cancelled.
    stopped: bool,
    /// Whether the coroutine has given up, and waits only for what it has cancelled.
    given_up: bool,
}

/// A list that somebody waits for.
#[derive(Clone, Copy, Debug)]
struct List {
    owner: Waiter,
    began: SimTime,
    failed: bool,
}

impl Fans {
    /// When a list began, if somebody waits for it.
    pub(super) fn began(&self, list: TaskId) -> Option<SimTime> {
        self.lists.get(&list).map(|it| it.began)
    }

    /// Whether a list is done for nobody.
    pub(super) fn is_lost(&self, list: TaskId) -> bool {
        self.lost.contains(&list)
    }

    fn of(&self, who: Waiter) -> Option<&Open> {
        self.open.get(&who)?.last()
    }

    fn of_mut(&mut self, who: Waiter) -> &mut Open {
        let open = self.open.get_mut(&who).and_then(|all| all.last_mut());
        open.unwrap_or_else(|| unreachable!("{who:?} does no lists"))
    }

    /// The step is over. Returns what it was; its lists are nobody's from now on.
    fn end(&mut self, who: Waiter) -> Open {
        let all = self.open.get_mut(&who);
        let open = all.and_then(Vec::pop).unwrap_or_else(|| unreachable!("{who:?} does no lists"));
        if self.of(who).is_none() {
            self.open.remove(&who);
        }
        for list in &open.lists {
            self.lists.remove(list);
        }
        open
    }
}

impl<S: Sink + ?Sized> Engine<'_, S> {
    pub(super) fn run_fan_op(&mut self, thread: ThreadId, fan: FanId, op: FanOp) -> Flow {
        let who = self.who_acts(thread);
        match op {
            FanOp::Begin => self.begin_lists(thread, fan),
            FanOp::Next(none) => return self.take_up_list(thread, none),
            FanOp::Failed => self.fans.of_mut(who).failed = true,
            FanOp::Stop => self.stop_lists(who),
            FanOp::IfOver(to) => return Flow::jump_if(self.lists_are_over(who), to),
            FanOp::End(failed) => {
                let open = self.fans.end(who);
                let fails = match self.plan.fans[fan.index()].until {
                    Until::AllEnd | Until::OneFails => open.failed,
                    Until::OneEnds => open.first == Some(true),
                };
                return Flow::jump_if(fails && failed != Pc::NOWHERE, failed);
            }
            FanOp::EndList { failed } => return self.end_list(thread, failed),
        }
        Flow::Go
    }

    fn begin_lists(&mut self, thread: ThreadId, fan: FanId) {
        let (owner, task, began) = (self.who_acts(thread), self.task_on(thread), self.now);
        let for_nobody = self.tasks.orphan_of(thread).is_some();
        let code = &self.plan.fans[fan.index()];
        let mut lists = Vec::with_capacity(code.lists.len());
        for &(number, start) in &code.lists {
            let list = self.plan.workload.list_of(task, number);
            self.tasks.get_mut(list).pc = start;
            self.fans.lists.insert(list, List { owner, began, failed: false });
            if for_nobody {
                self.fans.lost.insert(list);
            }
            if let Waiter::Coroutine(_) = owner {
                self.make_coroutine_of(list, task);
            }
            lists.push(list);
        }
        let (item, left) = (self.thread(thread).item, lists.len());
        let (first, failed, stopped, given_up) = (None, false, false, false);
        let open = Open { fan, lists, begun: 0, item, left, first, failed, stopped, given_up };
        self.fans.open.entry(owner).or_default().push(open);
    }

    /// `create_task`.
    fn make_coroutine_of(&mut self, list: TaskId, task: TaskId) {
        let event_loop = self.loop_of(task);
        self.tasks.get_mut(list).event_loop = self.tasks.get(task).event_loop;
        self.begin_cancellable(list);
        let (name, since) = (self.names.event_loop, self.now);
        self.tasks.leave_thread(list, OffThread { state: State::Ready, name, since });
        self.loops[event_loop.index()].call_soon(Handle::FirstStep(list));
    }

    fn take_up_list(&mut self, thread: ThreadId, none: Pc) -> Flow {
        let open = self.fans.of_mut(Waiter::Thread(thread));
        let Some(list) = open.lists.get(open.begun).copied() else {
            let item = open.item;
            self.thread_mut(thread).item = item;
            return Flow::Jump(none);
        };
        open.begun += 1;
        let start = self.tasks.get(list).pc;
        self.thread_mut(thread).item = Item::of_coroutine(list, start);
        Flow::Go
    }

    /// Whether who does lists of steps waits for them no longer.
    pub(super) fn lists_are_over(&self, who: Waiter) -> bool {
        let Some(open) = self.fans.of(who) else { return true };
        let until = self.plan.fans[open.fan.index()].until;
        match (who, until) {
            _ if open.left == 0 => true,
            (_, Until::AllEnd) | (Waiter::Coroutine(_), Until::OneFails) => false,
            // Threads cannot be cancelled, so that nobody waits for them.
            (Waiter::Thread(_), Until::OneFails) => open.failed,
            (Waiter::Thread(_), Until::OneEnds) => open.first.is_some(),
            // What is cancelled is waited for.
            (Waiter::Coroutine(_), Until::OneEnds) => open.first.is_some() && !open.stopped,
        }
    }

    /// Whoever does a list has come to its end.
    fn end_list(&mut self, thread: ThreadId, failed: bool) -> Flow {
        if self.tasks.end_orphan(thread) {
            return Flow::Go;
        }
        let list = self.task_on(thread);
        self.tasks.get_mut(list).done = true;
        let who = self.who_acts(thread);
        let Waiter::Coroutine(_) = who else {
            self.detach(thread, None);
            if let Some(it) = self.fans.lists.get_mut(&list) {
                it.failed = failed;
            }
            return Flow::Go;
        };
        let is_cancelled = self.end_cancellable(list);
        if is_cancelled {
            self.note(list, Incident::Cancelled);
        }
        self.detach(thread, None);
        let event_loop = self.loop_of(list);
        let failed = failed && !is_cancelled;
        self.loops[event_loop.index()].call_soon(Handle::ListEnded(list, failed));
        self.go_to_next_handle(event_loop)
    }

    /// An executor or a thread has done a list: who waits for it hears of it.
    pub(super) fn deliver_list(&mut self, list: TaskId, part: Pc) {
        let failed = self.fans.lists.get(&list).is_some_and(|it| it.failed);
        if !self.tasks.forget_abandoned(list, part) {
            self.list_has_ended(list, failed);
        }
    }

    /// Who waits for a list hears that it has ended.
    pub(super) fn list_has_ended(&mut self, list: TaskId, failed: bool) {
        let Some(List { owner, .. }) = self.fans.lists.remove(&list) else { return };
        let open = self.fans.of_mut(owner);
        open.left -= 1;
        open.first.get_or_insert(failed);
        open.failed |= failed;
        let until = self.plan.fans[open.fan.index()].until;
        match owner {
            Waiter::Coroutine(task) => {
                if failed && until == Until::OneFails {
                    self.stop_lists(owner);
                }
                self.tell_coroutine(task);
            }
            Waiter::Thread(thread) => self.tell_thread(thread),
        }
    }

    fn tell_coroutine(&mut self, task: TaskId) {
        let who = Waiter::Coroutine(task);
        let waits = match self.plan.instruction(self.tasks.get(task).pc).op {
            Op::Suspend(wait) => wait.on == ForCoroutine::Lists && !self.is_ready(task),
            _ => false,
        };
        if waits && self.lists_are_over(who) {
            let given_up = self.fans.of(who).is_some_and(|open| open.given_up);
            self.resume(task, if given_up { End::Late } else { End::Done });
        }
    }

    fn tell_thread(&mut self, thread: ThreadId) {
        let waits = self.wait_of(thread).is_some_and(|wait| wait.on == ForThread::Lists);
        if !waits || !self.lists_are_over(Waiter::Thread(thread)) {
            return;
        }
        let cost = self.plan.machine.wake_call;
        match self.acting {
            Some(waker) => self.end_wait_at_cost(waker, thread, End::Done, cost, false),
            None => self.end_wait(thread, End::Done),
        }
    }

    /// What who waits for lists waits for, in words.
    pub(super) fn words_for_lists(&self, who: Waiter) -> String {
        let open = self.fans.of(who);
        let key = open.map_or("all", |open| self.plan.fans[open.fan.index()].until.key());
        let lists = open.into_iter().flat_map(|open| &open.lists);
        let waits = |list: &&TaskId| self.fans.lists.contains_key(list);
        let no_worker = |list: &TaskId| !self.threads.iter().any(|it| it.task.get() == Some(*list));
        let of_executor = matches!(who, Waiter::Thread(_));
        if of_executor && lists.filter(waits).all(no_worker) {
            return format!(
                "the lists of its `{key}`, which no worker has begun: all workers wait"
            );
        }
        format!("the lists of its `{key}`")
    }

    /// A coroutine gives up that waits for lists: it goes on when they have ended, which are cancelled.
    pub(super) fn give_up_lists(&mut self, task: TaskId) {
        let who = Waiter::Coroutine(task);
        self.fans.of_mut(who).given_up = true;
        self.stop_lists(who);
    }

    /// Cancels the lists that have not ended.
    fn stop_lists(&mut self, who: Waiter) {
        let open = self.fans.of_mut(who);
        open.stopped = true;
        let lists = open.lists.clone();
        for list in lists {
            if self.tasks.get(list).done {
                continue;
            }
            match who {
                Waiter::Coroutine(_) => self.cancel(list),
                Waiter::Thread(_) => self.drop_or_lose(list),
            }
        }
    }

    /// A thread no longer waits for a list: it is dropped if nobody has begun it, and goes on for nobody else.
    fn drop_or_lose(&mut self, list: TaskId) {
        let does_it = |thread: &super::Thread| thread.task.get() == Some(list);
        if let Some(at) = self.threads.iter().position(does_it) {
            self.lose(ThreadId::at(at), list);
            return;
        }
        let part = self.tasks.get(list).pc;
        self.tasks.abandon(list, part);
        if !self.fans.is_lost(list) {
            self.tasks.get_mut(list).done = true;
            self.close_off_thread(list, self.now);
            self.note(list, Incident::Cancelled);
        }
    }

    /// A thread goes on with a list for nobody, and so do those that do lists for it.
    fn lose(&mut self, thread: ThreadId, list: TaskId) {
        self.detach(thread, None);
        self.tasks.orphan(thread, list);
        self.fans.lost.insert(list);
        let open = self.fans.open.get(&Waiter::Thread(thread));
        let within: Vec<TaskId> =
            open.into_iter().flatten().flat_map(|it| &it.lists).copied().collect();
        for list in within {
            let does_it = |thread: &super::Thread| thread.task.get() == Some(list);
            match self.threads.iter().position(does_it) {
                Some(at) => self.lose(ThreadId::at(at), list),
                None => _ = self.fans.lost.insert(list),
            }
        }
    }
}
