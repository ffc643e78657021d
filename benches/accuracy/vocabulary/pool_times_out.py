"""A hundred requests take two of fifteen connections each, and give up after 0.3 s."""
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


REQUESTS = 100
TIMEOUT = 0.3


def request(pool):
    if not pool.acquire(timeout=TIMEOUT):
        return
    try:
        time.sleep(0.05)
        if not pool.acquire(timeout=TIMEOUT):
            return
        try:
            time.sleep(0.01)
        finally:
            pool.release()
    finally:
        pool.release()


def on_threads():
    pool = threading.Semaphore(15)
    threads = [threading.Thread(target=request, args=(pool,)) for _ in range(REQUESTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def take(pool):
    async with asyncio.timeout(TIMEOUT):
        await pool.acquire()


async def request_on_loop(pool):
    try:
        await take(pool)
        try:
            await asyncio.sleep(0.05)
            await take(pool)
            try:
                await asyncio.sleep(0.01)
            finally:
                pool.release()
        finally:
            pool.release()
    except TimeoutError:
        pass


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
    "threading": on_threads,
    "asyncio": lambda: asyncio.run(on_loop()), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
