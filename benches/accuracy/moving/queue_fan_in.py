"""Four producers, one consumer."""
import asyncio
import multiprocessing
import queue
import sys
import threading
import time

ITEMS = 15000
PRODUCERS = 4


def produce(items):
    for number in range(ITEMS):
        items.put(number)


def consume(items):
    for _ in range(ITEMS * PRODUCERS):
        items.get()


async def produce_on_loop(items):
    for number in range(ITEMS):
        await items.put(number)


async def consume_on_loop(items):
    for _ in range(ITEMS * PRODUCERS):
        await items.get()


def on(kind, items):
    workers = [kind(target=target, args=args) for target, args in (*4 * [(produce, (items,))], (consume, (items,)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def on_threads():
    on(threading.Thread, queue.Queue())


def on_processes():
    on(multiprocessing.Process, multiprocessing.Queue())


async def on_loop():
    items = asyncio.Queue()
    await asyncio.gather(*(target(*args) for target, args in (*4 * [(produce_on_loop, (items,))], (consume_on_loop, (items,)))))


TOOLS = {
    "threading": on_threads,
    "multiprocessing": on_processes,
    "asyncio": lambda: asyncio.run(on_loop()),
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
