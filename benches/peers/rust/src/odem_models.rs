//! odem-rs: agents that are coroutines. A pool of servers takes from a queue, as in its example `mm1`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::Waker;

use odem_rs::{core::ops::waker, prelude::*};

use crate::{BURST, CUSTOMERS, Draws, GAP, SLEEPERS, SLICE, SLICES, TASKS, WAITS, queue};

#[derive(Default, Config)]
#[time(f64)]
struct Model {
    draws: RefCell<Draws>,
    joe: Facility,
    waiting: RefCell<VecDeque<f64>>,
    ready: RefCell<VecDeque<Waker>>,
    idle: Cell<u32>,
    asleep: RefCell<Vec<Waker>>,
    total: Cell<f64>,
    done: Cell<u64>,
}

impl Model {
    fn draw(&self, mean: f64) -> f64 {
        self.draws.borrow_mut().next(mean)
    }
}

/// Serves customers of the queue for ever.
struct Server(f64);

impl Behavior<Model> for Server {
    type Output = ();

    async fn actions(&self, sim: &Sim<Model>) {
        let model = sim.global();
        loop {
            let next = model.waiting.borrow_mut().pop_front();
            let Some(came) = next else {
                model.asleep.borrow_mut().push(waker().await);
                sleep().await;
                continue;
            };
            sim.advance(model.draw(self.0)).await;
            model.total.set(model.total.get() + sim.now() - came);
            model.done.set(model.done.get() + 1);
        }
    }
}

/// Wants a core for each of its slices.
struct Task;

impl Behavior<Model> for Task {
    type Output = ();

    async fn actions(&self, sim: &Sim<Model>) {
        let model = sim.global();
        for _ in 0..SLICES {
            if model.idle.get() > 0 {
                model.idle.set(model.idle.get() - 1);
            } else {
                model.ready.borrow_mut().push_back(waker().await);
                sleep().await;
            }
            sim.advance(SLICE).await;
            model.done.set(model.done.get() + 1);
            let next = model.ready.borrow_mut().pop_front();
            match next {
                Some(next) => next.wake(),
                None => model.idle.set(model.idle.get() + 1),
            }
        }
    }
}

/// Waits, and wants the server after each wait.
struct Sleeper;

impl Behavior<Model> for Sleeper {
    type Output = ();

    async fn actions(&self, sim: &Sim<Model>) {
        let model = sim.global();
        for _ in 0..WAITS {
            sim.advance(model.draw(1.0)).await;
            let server = model.joe.seize().await;
            sim.advance(BURST).await;
            server.release();
            model.done.set(model.done.get() + 1);
        }
    }
}

#[odem_rs::main(Model::default())]
async fn customers(sim: &Sim<Model>, servers: usize, service: f64) -> f64 {
    let model = sim.global();
    for _ in 0..servers {
        sim.spawn(Server(service));
    }
    for _ in 0..CUSTOMERS {
        sim.advance(model.draw(GAP)).await;
        model.waiting.borrow_mut().push_back(sim.now());
        let idle = model.asleep.borrow_mut().pop();
        if let Some(idle) = idle {
            idle.wake();
        }
    }
    while model.done.get() < CUSTOMERS {
        sim.advance(1e-3).await;
    }
    model.asleep.borrow_mut().clear();
    model.total.get() / CUSTOMERS as f64
}

#[odem_rs::main(Model::default())]
async fn slices(sim: &Sim<Model>) -> f64 {
    let model = sim.global();
    model.idle.set(8);
    for _ in 0..TASKS {
        sim.spawn(Task);
    }
    while model.done.get() < TASKS as u64 * u64::from(SLICES) {
        sim.advance(1.0).await;
    }
    sim.now()
}

#[odem_rs::main(Model::default())]
async fn waits(sim: &Sim<Model>) -> f64 {
    let model = sim.global();
    for _ in 0..SLEEPERS {
        sim.spawn(Sleeper);
    }
    while model.done.get() < SLEEPERS as u64 * u64::from(WAITS) {
        sim.advance(1e-3).await;
    }
    sim.now()
}

pub fn run(model: &str) -> f64 {
    match (queue(model), model) {
        (Some((servers, service)), _) => customers(servers, service),
        (None, "d") => slices(),
        _ => waits(),
    }
}
