"""Two hundred calls of 10 ms through a limit of 400 a second, fifty at once."""
import asyncio
import concurrent.futures
import sys
import threading
import time

class Limiter:
    """Lets so many a second through, and so many at once after a pause."""

    def __init__(self, rate, burst=1):
        self.gap, self.slack, self.full = 1 / rate, (burst - 1) / rate, 0.0
        self.lock = threading.Lock()

    def reserve(self):
        """Seconds until it is this call's turn."""
        with self.lock:
            now = time.monotonic()
            delay = self.full - self.slack - now
            self.full = max(self.full, now) + self.gap
        return delay


CALLS = 200


def call(limiter):
    delay = limiter.reserve()
    if delay > 0:
        time.sleep(delay)
    time.sleep(0.01)


async def call_on_loop(limiter):
    delay = limiter.reserve()
    if delay > 0:
        await asyncio.sleep(delay)
    await asyncio.sleep(0.01)


def on_threads():
    limiter = Limiter(400, 50)
    with concurrent.futures.ThreadPoolExecutor(40) as executor:
        list(executor.map(call, CALLS * [limiter]))


async def on_loop():
    limiter = Limiter(400, 50)
    await asyncio.gather(*(call_on_loop(limiter) for _ in range(CALLS)))


TOOLS = {
    "thread_pool": on_threads,
    "asyncio": lambda: asyncio.run(on_loop()),
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
