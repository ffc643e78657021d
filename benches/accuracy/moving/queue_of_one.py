"""A queue with room for one: the two sides take turns."""
import asyncio
import multiprocessing
import queue
import sys
import threading
import time

ITEMS = 10000


def produce(items):
    for number in range(ITEMS):
        items.put(number)


def consume(items):
    for _ in range(ITEMS):
        items.get()


async def produce_on_loop(items):
    for number in range(ITEMS):
        await items.put(number)


async def consume_on_loop(items):
    for _ in range(ITEMS):
        await items.get()


def on(kind, items):
    workers = [kind(target=target, args=args) for target, args in ((produce, (items,)), (consume, (items,)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def on_threads():
    on(threading.Thread, queue.Queue(1))


def on_processes():
    on(multiprocessing.Process, multiprocessing.Queue(1))


async def on_loop():
    items = asyncio.Queue(1)
    await asyncio.gather(*(target(*args) for target, args in ((produce_on_loop, (items,)), (consume_on_loop, (items,)))))


TOOLS = {
    "threading": on_threads,
    "multiprocessing": on_processes,
    "asyncio": lambda: asyncio.run(on_loop()),
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
