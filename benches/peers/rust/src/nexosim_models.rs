//! nexosim: a model that schedules its own inputs, on one thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::EventSource;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::{BURST, CUSTOMERS, Draws, GAP, SLEEPERS, SLICE, SLICES, TASKS, WAITS, queue};

fn seconds(length: f64) -> Duration {
    Duration::from_nanos((length * 1e9) as u64 + 1)
}

#[derive(Default, Serialize, Deserialize)]
struct Servers {
    model: String,
    #[serde(skip)]
    draws: Draws,
    idle: usize,
    service: f64,
    arrived: u64,
    waiting: VecDeque<MonotonicTime>,
    ready: VecDeque<usize>,
    left: Vec<u32>,
    #[serde(skip)]
    total: Arc<Mutex<Duration>>,
}

#[Model]
impl Servers {
    async fn begin(&mut self, _: (), cx: &Context<Self>) {
        match self.model.as_str() {
            "d" => {
                self.left = vec![SLICES; TASKS];
                self.ready = (8..TASKS).collect();
                for task in 0..8 {
                    cx.schedule_event(Duration::from_secs_f64(SLICE), schedulable!(Self::end_slice), task)
                        .unwrap();
                }
            }
            "e" => {
                self.left = vec![WAITS; SLEEPERS];
                for task in 0..SLEEPERS {
                    self.wait(task, cx);
                }
            }
            _ => self.arrive((), cx).await,
        }
    }

    fn wait(&mut self, task: usize, cx: &Context<Self>) {
        let wait = seconds(self.draws.next(1.0));
        cx.schedule_event(wait, schedulable!(Self::awake), task).unwrap();
    }

    fn serve(&mut self, came: MonotonicTime, cx: &Context<Self>) {
        let service = seconds(self.draws.next(self.service));
        cx.schedule_event(service, schedulable!(Self::depart), came).unwrap();
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        if self.idle > 0 {
            self.idle -= 1;
            self.serve(cx.time(), cx);
        } else {
            self.waiting.push_back(cx.time());
        }
        self.arrived += 1;
        if self.arrived < CUSTOMERS {
            let gap = seconds(self.draws.next(GAP));
            cx.schedule_event(gap, schedulable!(Self::arrive), ()).unwrap();
        }
    }

    #[nexosim(schedulable)]
    async fn depart(&mut self, came: MonotonicTime, cx: &Context<Self>) {
        *self.total.lock().unwrap() += cx.time().duration_since(came);
        match self.waiting.pop_front() {
            Some(came) => self.serve(came, cx),
            None => self.idle += 1,
        }
    }

    #[nexosim(schedulable)]
    async fn end_slice(&mut self, task: usize, cx: &Context<Self>) {
        self.left[task] -= 1;
        if self.left[task] > 0 {
            self.ready.push_back(task);
        }
        if let Some(task) = self.ready.pop_front() {
            cx.schedule_event(Duration::from_secs_f64(SLICE), schedulable!(Self::end_slice), task).unwrap();
        }
    }

    #[nexosim(schedulable)]
    async fn awake(&mut self, task: usize, cx: &Context<Self>) {
        if self.idle > 0 {
            self.idle -= 1;
            cx.schedule_event(Duration::from_secs_f64(BURST), schedulable!(Self::computed), task).unwrap();
        } else {
            self.ready.push_back(task);
        }
    }

    #[nexosim(schedulable)]
    async fn computed(&mut self, task: usize, cx: &Context<Self>) {
        self.left[task] -= 1;
        if self.left[task] > 0 {
            self.wait(task, cx);
        }
        match self.ready.pop_front() {
            Some(task) => {
                cx.schedule_event(Duration::from_secs_f64(BURST), schedulable!(Self::computed), task).unwrap();
            }
            None => self.idle += 1,
        }
    }
}

pub fn run(model: &str) -> f64 {
    let (idle, service) = queue(model).unwrap_or((1, 0.0));
    let total = Arc::new(Mutex::new(Duration::ZERO));
    let servers =
        Servers { model: model.to_owned(), idle, service, total: total.clone(), ..Servers::default() };
    let mailbox = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    let begin = EventSource::new().connect(Servers::begin, &mailbox).register(&mut bench);
    let mut simulation =
        bench.add_model(servers, mailbox, "servers").init(MonotonicTime::EPOCH).unwrap();
    simulation.process_event(&begin, ()).unwrap();
    simulation.run().unwrap();
    if queue(model).is_some() {
        total.lock().unwrap().as_secs_f64() / CUSTOMERS as f64
    } else {
        simulation.time().duration_since(MonotonicTime::EPOCH).as_secs_f64()
    }
}
