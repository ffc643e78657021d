//! The pending events alone, in the hold model (Jones, An empirical comparison of priority-queue and event-set
//! implementations, Communications of the ACM 29, 1986): take the next one, set another in its place, with so many pending.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gilsim_core::{ids, time};

#[allow(
    dead_code,
    unused_imports,
    reason = "the queue is a part of the engine, and shown to nobody else"
)]
#[path = "../src/engine/queue.rs"]
mod queue;
#[allow(dead_code, unused_imports, reason = "as above")]
#[path = "../src/engine/timers.rs"]
mod timers;
#[allow(dead_code, unused_imports, reason = "as above")]
#[path = "../src/engine/tournament.rs"]
mod tournament;

use ids::{CoreId, ThreadId};
use queue::{CoreEvent, Event, EventQueue};
use time::SimTime;

/// Delays of up to two seconds that look random, in nanoseconds.
struct Delays(u64);

impl Delays {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 2_000_000_000 + 1
    }
}

/// Sleeping threads: nothing is cancelled.
fn sleepers(pending: u32) -> impl FnMut() {
    let (mut events, mut delays) = (EventQueue::new(1), Delays(1));
    for thread in 0..pending {
        events.wake_at(ThreadId(thread), SimTime::from_nanos(delays.next()));
    }
    move || {
        let (now, _) = events.peek().expect("all sleep again");
        let Some(Event::Wake(thread)) = events.pop() else {
            unreachable!("only sleepers are pending")
        };
        let delay = time::SimDuration::from_nanos(delays.next());
        events.wake_at(black_box(thread), now + delay);
    }
}

/// Threads that may lose patience: for each that does, another is served before and waits anew.
fn patience(pending: u32) -> impl FnMut() {
    let (mut events, mut delays) = (EventQueue::new(1), Delays(1));
    for thread in 0..pending {
        events.set_patience(ThreadId(thread), SimTime::from_nanos(delays.next()));
    }
    move || {
        let (now, _) = events.peek().expect("all wait again");
        let Some(Event::Patience(thread)) = events.pop() else {
            unreachable!("only patience is pending")
        };
        let mut wait = |events: &mut EventQueue, thread| {
            events.set_patience(thread, now + time::SimDuration::from_nanos(delays.next()));
        };
        wait(&mut events, thread);
        let served = ThreadId(thread.0.wrapping_mul(2_654_435_761) % pending);
        events.clear_patience(served);
        wait(&mut events, black_box(served));
    }
}

/// Cores whose work ends: for each that does, another is pre-empted and gets other work.
fn cores(count: u32) -> impl FnMut() {
    let (mut events, mut delays) = (EventQueue::new(count), Delays(1));
    let mut set = move |events: &mut EventQueue, core: CoreId, now: SimTime| {
        let end = now + time::SimDuration::from_nanos(delays.next());
        events.set_core(core, end, CoreEvent::BurstEnd(ThreadId(core.0)));
    };
    (0..count).for_each(|core| set(&mut events, CoreId(core), SimTime::ZERO));
    move || {
        let (now, _) = events.peek().expect("all work again");
        let Some(Event::BurstEnd(core)) = events.pop() else {
            unreachable!("only bursts are pending")
        };
        set(&mut events, core, now);
        let preempted = CoreId(core.0.wrapping_mul(2_654_435_761) % count);
        events.clear_core(preempted);
        set(&mut events, black_box(preempted), now);
    }
}

fn hold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hold");
    for pending in [10, 100, 1_000, 10_000, 100_000, 1_000_000] {
        let of = |name| BenchmarkId::new(name, pending);
        group.bench_function(of("sleepers"), |bencher| bencher.iter(sleepers(pending)));
        group.bench_function(of("patience, half moved"), |bencher| bencher.iter(patience(pending)));
        if pending <= 1_000 {
            group.bench_function(of("cores, half moved"), |bencher| bencher.iter(cores(pending)));
        }
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
