"""Eight writers take turns at a file that takes 2 ms a line."""
import asyncio
import sys
import threading
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


LINES = 20
WRITERS = 8


def start(kind, target, arguments):
    """Run the target with each of these arguments at once, and wait."""
    workers = [kind(target=target, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def write(lock):
    for number in range(LINES):
        work(number)
        with lock:
            time.sleep(0.002)


async def write_on_loop(lock):
    for number in range(LINES):
        work(number)
        async with lock:
            await asyncio.sleep(0.002)


async def on_loop():
    lock = asyncio.Lock()
    await asyncio.gather(*(write_on_loop(lock) for _ in range(WRITERS)))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": lambda: start(threading.Thread, write, WRITERS * [(threading.Lock(),)]),
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
