"""Four workers compute in phases and meet after each."""
import asyncio
import multiprocessing
import sys
import threading
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


PHASES = 100
WORKERS = 4


def start(kind, target, arguments):
    """Run the target with each of these arguments at once, and wait."""
    workers = [kind(target=target, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def compute(barrier):
    for number in range(PHASES):
        for step in range(100):
            work(step)
        barrier.wait()


async def compute_on_loop(barrier):
    for number in range(PHASES):
        for step in range(100):
            work(step)
        await barrier.wait()


async def on_loop():
    barrier = asyncio.Barrier(WORKERS)
    await asyncio.gather(*(compute_on_loop(barrier) for _ in range(WORKERS)))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": lambda: start(threading.Thread, compute, WORKERS * [(threading.Barrier(WORKERS),)]),
    "multiprocessing": lambda: start(multiprocessing.Process, compute, WORKERS * [(multiprocessing.Barrier(WORKERS),)]),
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
