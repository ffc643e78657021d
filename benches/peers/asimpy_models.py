"""A, B, D and E in asimpy, in microseconds, written as its documentation suggests."""

import random
import sys

from asimpy import Environment, Process, Resource


class Customer(Process):
    def init(self, server, rng, service, times):
        self.server, self.rng, self.service, self.times = server, rng, service, times

    async def run(self):
        came = self.now
        async with self.server:
            await self.timeout(self.rng.expovariate(1 / self.service))
        self.times.append(self.now - came)


class Source(Process):
    def init(self, customers, *customer):
        self.customers, self.customer, self.rng = customers, customer, customer[1]

    async def run(self):
        for _ in range(self.customers):
            Customer(self._env, *self.customer)
            await self.timeout(self.rng.expovariate(1 / 10))


class Turns(Process):
    def init(self, cores, slices):
        self.cores, self.slices = cores, slices

    async def run(self):
        for _ in range(self.slices):
            async with self.cores:
                await self.timeout(1000)


class Waits(Process):
    def init(self, loop, rng):
        self.loop, self.rng = loop, rng

    async def run(self):
        for _ in range(10):
            await self.timeout(self.rng.expovariate(1e-6))
            async with self.loop:
                await self.timeout(50)


def queue(servers, service, customers):
    env, times = Environment(), []
    Source(env, customers, Resource(env, servers), random.Random(1), service, times)
    env.run()
    return 1000 * sum(times) / len(times)


def turns(slices):
    env = Environment()
    cores = Resource(env, 8)
    for _ in range(1000):
        Turns(env, cores, slices)
    env.run()
    return 1000 * env.now


def waits(tasks):
    env, rng = Environment(), random.Random(1)
    loop = Resource(env, 1)
    for _ in range(tasks):
        Waits(env, loop, rng)
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
