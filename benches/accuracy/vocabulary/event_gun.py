"""Twenty runners wait for the starting gun, then run."""
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


RUNNERS = 20


def start(kind, target, arguments):
    """Run the target with each of these arguments at once, and wait."""
    workers = [kind(target=target, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def run(ready):
    ready.wait()
    for number in range(500):
        work(number)


def give_the_gun(ready):
    time.sleep(0.05)
    ready.set()


def on_threads():
    ready = threading.Event()
    gun = threading.Thread(target=give_the_gun, args=(ready,))
    gun.start()
    start(threading.Thread, run, RUNNERS * [(ready,)])
    gun.join()


async def run_on_loop(ready):
    await ready.wait()
    for number in range(500):
        work(number)


async def give_the_gun_on_loop(ready):
    await asyncio.sleep(0.05)
    ready.set()


async def on_loop():
    ready = asyncio.Event()
    runners = [run_on_loop(ready) for _ in range(RUNNERS)]
    await asyncio.gather(give_the_gun_on_loop(ready), *runners)


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": on_threads,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
