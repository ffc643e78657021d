"""A queue with room for one hundred; the consumer works a little on each number."""
import asyncio
import multiprocessing
import queue
import sys
import threading
import time

ITEMS = 40000

def work(item):
    """Some computing."""
    total = item
    for number in range(60):
        total += number
    return total


def produce(items):
    for number in range(ITEMS):
        items.put(number)


def consume(items):
    for _ in range(ITEMS):
        work(items.get())


async def produce_on_loop(items):
    for number in range(ITEMS):
        await items.put(number)


async def consume_on_loop(items):
    for _ in range(ITEMS):
        work(await items.get())


def on(kind, items):
    workers = [kind(target=target, args=args) for target, args in ((produce, (items,)), (consume, (items,)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def on_threads():
    on(threading.Thread, queue.Queue(100))


def on_processes():
    on(multiprocessing.Process, multiprocessing.Queue(100))


async def on_loop():
    items = asyncio.Queue(100)
    await asyncio.gather(*(target(*args) for target, args in ((produce_on_loop, (items,)), (consume_on_loop, (items,)))))

def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": on_threads,
    "multiprocessing": on_processes,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
