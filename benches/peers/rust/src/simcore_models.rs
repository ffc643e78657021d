//! simcore: components that handle events.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};

use crate::{BURST, CUSTOMERS, Draws, GAP, SLEEPERS, SLICE, SLICES, TASKS, WAITS, queue};

#[derive(Clone, Serialize)]
struct Arrival {}

#[derive(Clone, Serialize)]
struct Departure {
    came: f64,
}

#[derive(Clone, Serialize)]
struct SliceEnd {
    task: usize,
}

#[derive(Clone, Serialize)]
struct Awake {
    task: usize,
}

#[derive(Clone, Serialize)]
struct Computed {
    task: usize,
}

/// What all models are made of.
struct Servers {
    context: SimulationContext,
    draws: Draws,
    idle: usize,
    service: f64,
    arrived: u64,
    waiting: VecDeque<f64>,
    ready: VecDeque<usize>,
    left: Vec<u32>,
    total: f64,
}

impl Servers {
    fn serve(&mut self, came: f64) {
        let service = self.draws.next(self.service);
        self.context.emit_self(Departure { came }, service);
    }

    fn arrive(&mut self) {
        if self.idle > 0 {
            self.idle -= 1;
            self.serve(self.context.time());
        } else {
            self.waiting.push_back(self.context.time());
        }
        self.arrived += 1;
        if self.arrived < CUSTOMERS {
            let gap = self.draws.next(GAP);
            self.context.emit_self(Arrival {}, gap);
        }
    }

    fn depart(&mut self, came: f64) {
        self.total += self.context.time() - came;
        match self.waiting.pop_front() {
            Some(came) => self.serve(came),
            None => self.idle += 1,
        }
    }

    fn end_slice(&mut self, task: usize) {
        self.left[task] -= 1;
        if self.left[task] > 0 {
            self.ready.push_back(task);
        }
        if let Some(task) = self.ready.pop_front() {
            self.context.emit_self(SliceEnd { task }, SLICE);
        }
    }

    fn wait(&mut self, task: usize) {
        let wait = self.draws.next(1.0);
        self.context.emit_self(Awake { task }, wait);
    }

    fn awake(&mut self, task: usize) {
        if self.idle > 0 {
            self.idle -= 1;
            self.context.emit_self(Computed { task }, BURST);
        } else {
            self.ready.push_back(task);
        }
    }

    fn computed(&mut self, task: usize) {
        self.left[task] -= 1;
        if self.left[task] > 0 {
            self.wait(task);
        }
        match self.ready.pop_front() {
            Some(task) => {
                self.context.emit_self(Computed { task }, BURST);
            }
            None => self.idle += 1,
        }
    }
}

impl EventHandler for Servers {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                self.arrive()
            }
            Departure { came } => {
                self.depart(came)
            }
            SliceEnd { task } => {
                self.end_slice(task)
            }
            Awake { task } => {
                self.awake(task)
            }
            Computed { task } => {
                self.computed(task)
            }
        })
    }
}

pub fn run(model: &str) -> f64 {
    let mut simulation = Simulation::new(1);
    let (idle, service) = queue(model).unwrap_or((1, 0.0));
    let servers = Rc::new(RefCell::new(Servers {
        context: simulation.create_context("servers"),
        draws: Draws::default(),
        idle,
        service,
        arrived: 0,
        waiting: VecDeque::new(),
        ready: VecDeque::new(),
        left: Vec::new(),
        total: 0.0,
    }));
    simulation.add_handler("servers", servers.clone());
    {
        let mut servers = servers.borrow_mut();
        match model {
            "d" => {
                servers.left = vec![SLICES; TASKS];
                servers.ready = (8..TASKS).collect();
                for task in 0..8 {
                    servers.context.emit_self(SliceEnd { task }, SLICE);
                }
            }
            "e" => {
                servers.left = vec![WAITS; SLEEPERS];
                (0..SLEEPERS).for_each(|task| servers.wait(task));
            }
            _ => {
                servers.context.emit_self(Arrival {}, 0.0);
            }
        }
    }
    simulation.step_until_no_events();
    let total = servers.borrow().total;
    if queue(model).is_some() { total / CUSTOMERS as f64 } else { simulation.time() }
}
