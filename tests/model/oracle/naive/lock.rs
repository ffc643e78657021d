//! The interpreter lock: longest waiter first, patience, requests to drop.

use super::{Mode, Naive, Phase};

/// The switch interval.
const INTERVAL: u64 = 5;

impl Naive<'_> {
    /// Whether the thread has its lock, or none to have; if not, it has asked now.
    pub(super) fn has_lock(&mut self, me: usize) -> bool {
        let Some(lock) = self.threads[me].lock else { return true };
        match self.locks[lock].holder {
            Some(holder) if holder == me => true,
            None => {
                self.grant(lock, me);
                true
            }
            Some(_) => {
                let switches = self.locks[lock].switches;
                self.threads[me].phase =
                    Phase::WantsLock { asked: self.now, window: self.now, switches };
                self.vacate(me);
                false
            }
        }
    }

    pub(super) fn grant(&mut self, lock: usize, to: usize) {
        let now = self.now;
        let lock = &mut self.locks[lock];
        lock.holder = Some(to);
        lock.taken = now;
        lock.ran = false;
        lock.switches += u64::from(lock.last_holder != Some(to));
        lock.last_holder = Some(to);
        lock.drop_requested = false;
    }

    /// Hands the lock over to the longest waiter, ties by thread number.
    pub(super) fn drop_lock(&mut self, me: usize) {
        let Some(lock) = self.threads[me].lock else { return };
        if self.locks[lock].holder != Some(me) {
            return;
        }
        self.locks[lock].holder = None;
        let waiters =
            self.threads.iter().enumerate().filter_map(|(number, thread)| match thread.phase {
                Phase::WantsLock { asked, .. } if thread.lock == Some(lock) => {
                    Some((asked, number))
                }
                _ => None,
            });
        if let Some((_, next)) = waiters.min() {
            self.grant(lock, next);
            self.threads[next].phase = Phase::Acts;
        }
    }

    /// The thread is on a core: if it holds a lock, it has had its chance to run (OPEN 14).
    pub(super) fn runs(&mut self, me: usize) {
        let Some(lock) = self.threads[me].lock else { return };
        let now = self.now;
        let lock = &mut self.locks[lock];
        if lock.holder == Some(me) && !lock.ran {
            lock.ran = true;
            lock.switches += u64::from(lock.taken < now);
        }
    }

    pub(super) fn give_way(&mut self, me: usize) {
        self.vacate(me);
        self.drop_lock(me);
        self.threads[me].phase = Phase::Acts;
        self.has_lock(me);
    }

    /// Ends all windows that are due, then honours a request; true where that took the lock from a holder.
    pub(super) fn end_patience(&mut self) -> bool {
        for me in 0..self.threads.len() {
            let Phase::WantsLock { asked, window, switches } = self.threads[me].phase else {
                continue;
            };
            if window + INTERVAL > self.now {
                continue;
            }
            let lock = self.threads[me].lock.expect("it wants one");
            let now = self.locks[lock].switches;
            self.threads[me].phase = Phase::WantsLock { asked, window: self.now, switches: now };
            if switches == now && self.locks[lock].ran {
                self.locks[lock].drop_requested = true;
            }
        }
        self.notice_requests()
    }

    /// A holder on a core that may be interrupted gives way (OPEN 3); true where one did.
    pub(super) fn notice_requests(&mut self) -> bool {
        for lock in 0..self.locks.len() {
            let Some(holder) = self.locks[lock].holder else { continue };
            let thread = &self.threads[holder];
            let interruptible = thread.phase == Phase::OnCore && thread.mode == Mode::Held;
            if self.locks[lock].drop_requested && interruptible {
                self.give_way(holder);
                return true;
            }
        }
        false
    }
}
