//! The floor: the smallest loop that gives the answers to A, B, D, E and F, with a binary heap and ChaCha8, and with
//! nothing that a simulator needs besides: no names, no rows, no states.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() {
    let answer = match std::env::args().nth(1).as_deref() {
        Some("a") => queue(1, 9_000.0),
        Some("b") => queue(8, 72_000.0),
        Some("d") => turns(),
        Some("e") => waits(),
        Some("f") => switches(),
        _ => panic!("give a, b, d, e or f"),
    };
    println!("{answer}");
}

fn exponential(rng: &mut ChaCha8Rng, mean: f64) -> u64 {
    let unit: f64 = rng.random();
    (-mean * (1.0 - unit).ln()).round() as u64
}

/// A million customers at one queue: their mean time in the system, in nanoseconds.
fn queue(servers: usize, service: f64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (customers, mut arrived, mut next, mut total) = (1_000_000_u64, 0, 0, 0);
    let mut busy: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
    let mut waiting = VecDeque::new();
    loop {
        let arrives = arrived < customers;
        match busy.peek() {
            Some(Reverse((end, came))) if !arrives || *end <= next => {
                let (end, came) = (*end, *came);
                busy.pop();
                total += end - came;
                if let Some(came) = waiting.pop_front() {
                    busy.push(Reverse((end + exponential(&mut rng, service), came)));
                }
            }
            _ if arrives => {
                if busy.len() < servers {
                    busy.push(Reverse((next + exponential(&mut rng, service), next)));
                } else {
                    waiting.push_back(next);
                }
                arrived += 1;
                next += exponential(&mut rng, 10_000.0);
            }
            _ => return total / customers,
        }
    }
}

/// 1,000 tasks of a second each take turns of a millisecond on 8 servers: the makespan.
fn turns() -> u64 {
    let slice = 1_000_000;
    let mut left = vec![1_000_000_000_u64; 1_000];
    let mut ready: VecDeque<usize> = (0..1_000).collect();
    let mut ends: BinaryHeap<Reverse<(u64, usize, usize)>> = BinaryHeap::new();
    for server in 0..8 {
        ends.extend(ready.pop_front().map(|task| Reverse((slice, server, task))));
    }
    let mut now = 0;
    while let Some(Reverse((end, server, task))) = ends.pop() {
        now = end;
        left[task] -= slice;
        if left[task] > 0 {
            ready.push_back(task);
        }
        ends.extend(ready.pop_front().map(|task| Reverse((now + slice, server, task))));
    }
    now
}

/// 100,000 tasks wait ten times for a second on average, and want one server for 50 us after each: the makespan.
fn waits() -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut left = vec![10_u8; 100_000];
    let mut timers: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    for task in 0..100_000 {
        timers.push(Reverse((exponential(&mut rng, 1e9), task)));
    }
    let mut ready = VecDeque::new();
    let mut busy: Option<(u64, u32)> = None;
    let mut now = 0;
    loop {
        let due = timers.peek().map(|Reverse(timer)| *timer);
        match (busy, due) {
            (Some((end, task)), due) if due.is_none_or(|(at, _)| end <= at) => {
                now = end;
                left[task as usize] -= 1;
                if left[task as usize] > 0 {
                    timers.push(Reverse((now + exponential(&mut rng, 1e9), task)));
                }
                busy = ready.pop_front().map(|task| (now + 50_000, task));
            }
            (_, Some((at, task))) => {
                timers.pop();
                if busy.is_none() {
                    busy = Some((at + 50_000, task));
                } else {
                    ready.push_back(task);
                }
            }
            (_, None) => return now,
        }
    }
}

/// Four threads of 1,250 s each under one lock: whoever has waited an interval for the same holder asks it to give way, and
/// the longest waiter is next. The makespan.
fn switches() -> u64 {
    let interval = 5_000_000;
    let mut left = [1_250_000_000_000_u64; 4];
    let mut waiting: VecDeque<(usize, u64)> = (1..4).map(|thread| (thread, 0)).collect();
    let (mut now, mut holder) = (0, 0);
    loop {
        // Waiters look at the holder whenever an interval since they came is over.
        let begins = waiting.iter().map(|(_, came)| now + (interval - (now - came) % interval) % interval);
        let asked = begins.min().map_or(u64::MAX, |begins| begins + interval);
        let end = now + left[holder];
        if end <= asked {
            now = end;
        } else {
            left[holder] -= asked - now;
            now = asked;
            waiting.push_back((holder, now));
        }
        match waiting.pop_front() {
            Some((next, _)) => holder = next,
            None => return now,
        }
    }
}
