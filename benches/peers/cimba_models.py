"""A, B, D and E in cimba's Python package, in microseconds. Prints the answer, and the CPU seconds of a run that
comes after a small one: models are compiled when they are run first."""

import sys
import time

import cimba as cb
from cimba import inputs


class Queue(cb.Model):
    gap: cb.Input[float] = inputs.dist.exponential(mean=10.0)
    service: cb.Input[float] = inputs.dist.exponential(mean=9.0)
    customers: cb.Param[int] = 1000
    line: cb.Store[float]
    times: cb.Dataset
    answer: cb.Output[float]

    @cb.process
    def arrivals(self):
        for _ in range(self.customers):
            self.line.put(cb.now())
            cb.hold(self.gap.next())

    @cb.process
    def server(self):
        while True:
            came = self.line.get()
            cb.hold(self.service.next())
            self.times.record(cb.now() - came)
            if self.times.sample_count() == self.customers:
                cb.end_trial()

    @cb.on_end
    def measure(self):
        self.answer = self.times.sample_mean()


class EightServers(Queue):
    @cb.process(copies=8)
    def server(self):
        while True:
            came = self.line.get()
            cb.hold(self.service.next())
            self.times.record(cb.now() - came)
            if self.times.sample_count() == self.customers:
                cb.end_trial()


class Turns(cb.Model):
    slices: cb.Param[int] = 2
    cores: cb.Resource = cb.Resource(capacity=8)
    answer: cb.Output[float]

    @cb.process(copies=1000)
    def task(self):
        for _ in range(self.slices):
            self.cores.acquire()
            cb.hold(1000.0)
            self.cores.release()
        self.answer = cb.now()


class Waits(cb.Model):
    wait: cb.Input[float] = inputs.dist.exponential(mean=1e6)
    waits: cb.Param[int] = 1
    loop: cb.Resource
    answer: cb.Output[float]

    @cb.process(copies=10000)
    def task(self):
        for _ in range(self.waits):
            cb.hold(self.wait.next())
            self.loop.acquire()
            cb.hold(50.0)
            self.loop.release()
        self.answer = cb.now()


def run(model):
    experiment = cb.Experiment(model, replications=1, window=cb.Window(duration=1e12), seed=1)
    before = time.process_time()
    results = experiment.run()
    return float(results[model].answer.values.mean()), time.process_time() - before


def made(name, small):
    model = {"a": Queue, "b": EightServers, "d": Turns, "e": Waits}[name]()
    if name in "ab":
        model.customers = 1000 if small else 1_000_000
    if name == "b":
        model.service = inputs.dist.exponential(mean=72.0)
    if name == "d":
        model.slices = 2 if small else 1000
    if name == "e":
        model.waits = 1 if small else 10
    return model


run(made(sys.argv[1], True))
answer, seconds = run(made(sys.argv[1], False))
print(1000 * answer)
print(seconds)
