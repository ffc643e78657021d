"""Two stages with a queue before each: read, work, work."""
import asyncio
import multiprocessing
import queue
import sys
import threading
import time

ITEMS = 8_000

def work(item):
    """Some computing."""
    total = item
    for number in range(300):
        total += number
    return total


def produce(first, second):
    for number in range(ITEMS):
        first.put(number)


def middle(first, second):
    for _ in range(ITEMS):
        second.put(work(first.get()))


def consume(first, second):
    for _ in range(ITEMS):
        work(second.get())


async def produce_on_loop(first, second):
    for number in range(ITEMS):
        await first.put(number)


async def middle_on_loop(first, second):
    for _ in range(ITEMS):
        await second.put(work(await first.get()))


async def consume_on_loop(first, second):
    for _ in range(ITEMS):
        work(await second.get())


def on(kind, first, second):
    workers = [kind(target=target, args=args) for target, args in ((produce, (first, second)), (middle, (first, second)), (consume, (first, second)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def on_threads():
    on(threading.Thread, queue.Queue(), queue.Queue())


def on_processes():
    on(multiprocessing.Process, multiprocessing.Queue(), multiprocessing.Queue())


async def on_loop():
    first, second = asyncio.Queue(), asyncio.Queue()
    await asyncio.gather(*(target(*args) for target, args in ((produce_on_loop, (first, second)), (middle_on_loop, (first, second)), (consume_on_loop, (first, second)))))

def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(5000):
        work(number)
    return (time.perf_counter() - began) / 5000 * 1e9


TOOLS = {
    "threading": on_threads,
    "multiprocessing": on_processes,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
