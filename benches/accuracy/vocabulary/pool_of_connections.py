"""A hundred requests share fifteen connections; each asks twice and renders in between."""
import asyncio
import concurrent.futures
import sys
import threading
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


REQUESTS = 100


def render():
    for number in range(300):
        work(number)


def request(pool):
    with pool:
        time.sleep(0.02)
        render()
        time.sleep(0.02)


async def request_on_loop(pool):
    async with pool:
        await asyncio.sleep(0.02)
        render()
        await asyncio.sleep(0.02)


def on_threads():
    pool = threading.Semaphore(15)
    with concurrent.futures.ThreadPoolExecutor(40) as executor:
        list(executor.map(request, REQUESTS * [pool]))


async def on_loop():
    pool = asyncio.Semaphore(15)
    await asyncio.gather(*(request_on_loop(pool) for _ in range(REQUESTS)))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "thread_pool": on_threads,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
