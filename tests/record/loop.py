import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor


def digest(number):
    return sum(range(20_000)) * number


async def job(number, permits):
    async with permits:
        await asyncio.sleep(0.02)
        return await asyncio.get_running_loop().run_in_executor(pool, digest, number)


async def main():
    permits = asyncio.Semaphore(limit)
    print(len(await asyncio.gather(*(job(number, permits) for number in range(tasks)))), "done")


tasks, limit = int(sys.argv[1]), int(sys.argv[2])
pool = ThreadPoolExecutor(2)
asyncio.run(main())
