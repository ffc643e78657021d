"""Eight clients that send 200 requests in all, each 20 ms after its last one was answered."""
import asyncio
import concurrent.futures
import sys
import threading
import time

REQUESTS, CLIENTS = 200, 8
WAIT, THINK = 0.01, 0.02


async def on_loop():
    left, slots = iter(range(REQUESTS)), asyncio.Semaphore(2)

    async def client():
        for number in left:
            if number >= CLIENTS:
                await asyncio.sleep(THINK)
            async with slots:
                await asyncio.sleep(WAIT)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def on_pool():
    left, lock = iter(range(REQUESTS)), threading.Lock()

    def client(pool):
        while True:
            with lock:
                number = next(left, None)
            if number is None:
                return
            if number >= CLIENTS:
                time.sleep(THINK)
            pool.submit(time.sleep, WAIT).result()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        clients = [threading.Thread(target=client, args=(pool,)) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()


TOOLS = {
    "asyncio": lambda: asyncio.run(on_loop()), "thread_pool": on_pool,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
