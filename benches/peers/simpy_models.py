"""A, B, D and E in SimPy, in microseconds, written as its documentation suggests."""

import random
import sys

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


share = float(sys.argv[2])
models = {
    "a": lambda: queue(1, 9, int(1_000_000 * share)),
    "b": lambda: queue(8, 72, int(1_000_000 * share)),
    "d": lambda: turns(int(1000 * share)),
    "e": lambda: waits(int(100_000 * share)),
}
print(models[sys.argv[1]]())
