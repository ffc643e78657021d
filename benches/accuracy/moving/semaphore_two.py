"""Six users of two permits that do a little with them."""
import asyncio
import multiprocessing
import queue
import sys
import threading
import time

TIMES = 5000
USERS = 6

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


def use(permits):
    for number in range(TIMES):
        with permits:
            work(number)


async def use_on_loop(permits):
    for number in range(TIMES):
        async with permits:
            work(number)


def on(kind, permits):
    workers = [kind(target=target, args=args) for target, args in USERS * [(use, (permits,))]]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def on_threads():
    on(threading.Thread, threading.Semaphore(2))


def on_processes():
    on(multiprocessing.Process, multiprocessing.Semaphore(2))


async def on_loop():
    permits = asyncio.Semaphore(2)
    await asyncio.gather(*(target(*args) for target, args in (USERS * [(use_on_loop, (permits,))])))

def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(50000):
        work(number)
    return (time.perf_counter() - began) / 50000 * 1e9


TOOLS = {
    "threading": on_threads,
    "multiprocessing": on_processes,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
