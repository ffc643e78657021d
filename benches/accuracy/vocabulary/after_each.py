"""Sixteen files are read, and each is parsed when it is there."""
import asyncio
import concurrent.futures
import sys
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


FILES = 16
SECONDS = 0.02, 0.05, 0.03, 0.08


def read(number):
    time.sleep(SECONDS[number % 4])
    return number


def parse(number):
    for step in range(1500):
        work(step)


def on_pool():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read, number) for number in range(FILES)]
        parses = [pool.submit(parse, done.result()) for done in concurrent.futures.as_completed(reads)]
        for done in parses:
            done.result()


def on_processes():
    with concurrent.futures.ProcessPoolExecutor(4) as pool:
        reads = [pool.submit(read, number) for number in range(FILES)]
        parses = [pool.submit(parse, done.result()) for done in concurrent.futures.as_completed(reads)]
        for done in parses:
            done.result()


async def read_and_parse(number):
    await asyncio.sleep(SECONDS[number % 4])
    parse(number)


async def on_loop():
    await asyncio.gather(*(read_and_parse(number) for number in range(FILES)))



def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "thread_pool": on_pool, "process_pool": on_processes,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
