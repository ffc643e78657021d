"""Four users of one lock that do a little with it."""
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


TIMES = 5000
USERS = 4


def start(kind, target, arguments):
    """Run the target with each of these arguments at once, and wait."""
    workers = [kind(target=target, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def use(lock):
    for number in range(TIMES):
        with lock:
            work(number)


async def use_on_loop(lock):
    for number in range(TIMES):
        async with lock:
            work(number)


async def on_loop():
    lock = asyncio.Lock()
    await asyncio.gather(*(use_on_loop(lock) for _ in range(USERS)))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": lambda: start(threading.Thread, use, USERS * [(threading.Lock(),)]),
    "multiprocessing": lambda: start(multiprocessing.Process, use, USERS * [(multiprocessing.Lock(),)]),
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
