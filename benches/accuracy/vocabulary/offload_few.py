"""Forty blocking calls of 50 ms, five at a time."""
import asyncio
import concurrent.futures
import sys
import time


async def offload():
    pool = concurrent.futures.ThreadPoolExecutor(5)
    asyncio.get_running_loop().set_default_executor(pool)
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(40)))


TOOLS = {
    "to_thread": lambda: asyncio.run(offload()),
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
