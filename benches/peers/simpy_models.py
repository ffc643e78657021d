"""A, B, D, E and F in SimPy, in microseconds, written as its documentation suggests."""

import random
import sys
from collections import deque

import simpy


def queue(servers, service, customers):
    env, rng = simpy.Environment(), random.Random(1)
    server = simpy.Resource(env, capacity=servers)
    times = []

    def customer():
        came = env.now
        with server.request() as request:
            yield request
            yield env.timeout(rng.expovariate(1 / service))
        times.append(env.now - came)

    def source():
        for _ in range(customers):
            env.process(customer())
            yield env.timeout(rng.expovariate(1 / 10))

    env.process(source())
    env.run()
    return 1000 * sum(times) / len(times)


def turns(slices):
    env = simpy.Environment()
    cores = simpy.Resource(env, capacity=8)

    def task():
        for _ in range(slices):
            with cores.request() as request:
                yield request
                yield env.timeout(1000)

    for _ in range(1000):
        env.process(task())
    env.run()
    return 1000 * env.now


def waits(tasks):
    env, rng = simpy.Environment(), random.Random(1)
    loop = simpy.Resource(env, capacity=1)

    def task():
        for _ in range(10):
            yield env.timeout(rng.expovariate(1e-6))
            with loop.request() as request:
                yield request
                yield env.timeout(50)

    for _ in range(tasks):
        env.process(task())
    env.run()
    return 1000 * env.now


class Lock:
    """An interpreter lock under the exact rules: whoever has waited an interval for the same holder asks it to give way, and
    the longest waiter is next."""

    def __init__(self):
        self.holder, self.waiters = None, deque()

    def take(self, env, process):
        if self.holder is None:
            self.holder = process
            return
        granted = env.event()
        self.waiters.append((process, granted))
        while not granted.triggered:
            holder = self.holder
            yield granted | env.timeout(5000)
            if not granted.triggered and self.holder is holder:
                holder.interrupt()

    def give_up(self):
        self.holder = None
        if self.waiters:
            self.holder, granted = self.waiters.popleft()
            granted.succeed()


def switches(seconds):
    env, lock = simpy.Environment(), Lock()

    def thread():
        left = seconds * 1_000_000
        while left > 0:
            yield from lock.take(env, env.active_process)
            began = env.now
            try:
                yield env.timeout(left)
                left = 0
            except simpy.Interrupt:
                left -= env.now - began
            lock.give_up()

    for _ in range(4):
        env.process(thread())
    env.run()
    return 1000 * env.now


share = float(sys.argv[2])
models = {
    "a": lambda: queue(1, 9, int(1_000_000 * share)),
    "b": lambda: queue(8, 72, int(1_000_000 * share)),
    "d": lambda: turns(int(1000 * share)),
    "e": lambda: waits(int(100_000 * share)),
    "f": lambda: switches(int(1250 * share)),
}
print(models[sys.argv[1]]())
