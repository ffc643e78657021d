//! Births, pools, parking and waking.

use super::{Item, Naive, Op, Phase, Thread, Why, program};

impl Naive<'_> {
    pub(super) fn start(
        &mut self,
        me: usize,
        task: Option<usize>,
        mut ops: Vec<Op>,
        process: bool,
    ) {
        if !process {
            ops.insert(0, Op::SetStarted);
        }
        let child = self.birth(ops, task, process && self.world.lock);
        if !process {
            self.threads[me].ops.push_front(Op::AwaitStarted(child));
        }
    }

    /// The item is in the queue before the pool decides whether to grow (docs/semantics.md, "Thread pools").
    pub(super) fn submit(&mut self, me: usize, task: usize) {
        self.put_work(Item::Task(task));
        let born = u32::try_from(self.threads.len() - 1).expect("few workers");
        if self.idle > 0 {
            self.idle -= 1;
        } else if born < self.workers {
            self.start(me, None, vec![Op::Fetch], self.worker_processes);
        }
    }

    pub(super) fn put_work(&mut self, item: Item) {
        // OPEN 13
        let waits = |thread: &Thread| matches!(thread.phase, Phase::Parked(Why::Item, _));
        let worker = if self.worker_processes {
            self.threads.iter().position(waits)
        } else {
            self.first_parked(Why::Item)
        };
        match worker {
            Some(worker) => {
                self.threads[worker].handed = Some(item);
                self.threads[worker].phase = Phase::Acts;
            }
            None => self.backlog.push_back(item),
        }
    }

    pub(super) fn fetch(&mut self, me: usize) {
        let item = self.threads[me].handed.take().or_else(|| self.backlog.pop_front());
        match item {
            None => {
                self.idle += 1;
                self.park_and_retry(me, Why::Item, Op::Fetch);
            }
            Some(Item::Stop) => self.put_work(Item::Stop),
            Some(Item::Task(task)) => {
                self.threads[me].ops.extend(program(self.world, task));
                self.threads[me].ops.push_back(Op::Fetch);
            }
        }
    }

    pub(super) fn park_and_retry(&mut self, me: usize, why: Why, op: Op) {
        self.threads[me].ops.push_front(op);
        self.park(me, why);
    }

    pub(super) fn park(&mut self, me: usize, why: Why) {
        self.parkings += 1;
        self.leave(me, Phase::Parked(why, self.parkings));
    }

    pub(super) fn first_parked(&self, why: Why) -> Option<usize> {
        let parked = self.threads.iter().enumerate().filter_map(|(number, thread)| {
            matches!(thread.phase, Phase::Parked(its, _) if its == why).then_some(number)
        });
        parked.min_by_key(|thread| match self.threads[*thread].phase {
            Phase::Parked(_, order) => order,
            _ => unreachable!("only parked ones are left"),
        })
    }

    pub(super) fn wake_first(&mut self, why: Why) -> bool {
        let first = self.first_parked(why);
        if let Some(thread) = first {
            self.threads[thread].phase = Phase::Acts;
        }
        first.is_some()
    }

    pub(super) fn wake_all(&mut self, why: Why) {
        while self.wake_first(why) {}
    }

    /// Blocks: the thread lets go of its lock and its core.
    pub(super) fn leave(&mut self, me: usize, phase: Phase) {
        self.threads[me].phase = phase;
        self.vacate(me);
        self.drop_lock(me);
    }
}
