"""Five workers wait for an event that comes too late, and go on without it."""
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


WORKERS = 5


def wait_or_not(ready):
    if not ready.wait(timeout=0.03):
        time.sleep(0.01)
    for step in range(500):
        work(step)


def set_late(ready):
    time.sleep(0.08)
    ready.set()


def on_threads():
    ready = threading.Event()
    threads = [threading.Thread(target=wait_or_not, args=(ready,)) for _ in range(WORKERS)]
    threads.append(threading.Thread(target=set_late, args=(ready,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def wait_or_not_on_loop(ready):
    try:
        async with asyncio.timeout(0.03):
            await ready.wait()
    except TimeoutError:
        await asyncio.sleep(0.01)
    for step in range(500):
        work(step)


async def set_late_on_loop(ready):
    await asyncio.sleep(0.08)
    ready.set()


async def on_loop():
    ready = asyncio.Event()
    workers = [wait_or_not_on_loop(ready) for _ in range(WORKERS)]
    await asyncio.gather(*workers, set_late_on_loop(ready))



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
