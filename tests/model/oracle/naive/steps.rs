//! Steps that compute or synchronise.

use crate::world::{BURST, GAP, PARTIES};

use super::{Mode, Naive, Op, Phase, Step, Why};

impl Naive<'_> {
    pub(super) fn step(&mut self, me: usize, step: Step) {
        match step {
            Step::Compute(0, Mode::Released) => self.leave(me, Phase::Acts),
            Step::Compute(time, mode) => {
                self.threads[me].left = time;
                self.threads[me].mode = mode;
                if mode == Mode::Released {
                    self.drop_lock(me);
                    self.threads[me].phase = Phase::WantsCore;
                }
            }
            Step::Acquire(semaphore) => match self.permits[semaphore].checked_sub(1) {
                Some(rest) => self.permits[semaphore] = rest,
                None => self.park_and_retry(me, Why::Permit(semaphore), Op::Do(step)),
            },
            Step::Release(semaphore) => {
                self.permits[semaphore] += 1;
                self.wake_first(Why::Permit(semaphore));
            }
            Step::Lock(lock) => {
                let task = self.threads[me].task.expect("only tasks take locks");
                self.holds[task].push(lock);
                if std::mem::replace(&mut self.locked[lock], true) {
                    self.park(me, Why::Lock(lock));
                }
            }
            Step::Unlock => {
                let task = self.threads[me].task.expect("only tasks take locks");
                let lock = self.holds[task].pop().expect("it was taken");
                self.locked[lock] = self.wake_first(Why::Lock(lock));
            }
            Step::Set | Step::WaitFor | Step::Meet | Step::Pass => self.at_gate(me, step),
            Step::Put(queue) => {
                let capacity = self.world.queues[queue];
                if capacity > 0 && self.items[queue] == capacity {
                    self.park_and_retry(me, Why::Room(queue), Op::Do(step));
                } else {
                    self.items[queue] += 1;
                    self.wake_first(Why::Thing(queue));
                }
            }
            Step::Get(queue) => match self.items[queue].checked_sub(1) {
                None => self.park_and_retry(me, Why::Thing(queue), Op::Do(step)),
                Some(rest) => {
                    self.items[queue] = rest;
                    self.wake_first(Why::Room(queue));
                }
            },
            Step::Wait(_) | Step::Block(_) | Step::Site(_) | Step::Yield => {
                unreachable!("programs have no such steps left")
            }
        }
    }

    fn at_gate(&mut self, me: usize, step: Step) {
        match step {
            Step::Set => {
                self.is_set = true;
                self.wake_all(Why::Set);
            }
            Step::WaitFor => {
                if !self.is_set {
                    self.park(me, Why::Set);
                }
            }
            Step::Meet => {
                self.come += 1;
                if self.come == PARTIES {
                    self.come = 0;
                    self.wake_all(Why::Meeting);
                } else {
                    self.park(me, Why::Meeting);
                }
            }
            Step::Pass => {
                let (full, now) = (self.full, self.now);
                self.full = full.max(now) + GAP;
                let at = full.saturating_sub(GAP * (BURST - 1));
                if at > now {
                    self.leave(me, Phase::WaitsUntil(at));
                }
            }
            _ => unreachable!("{step:?} is at no gate"),
        }
    }
}
