import sys
import time
from concurrent.futures import ThreadPoolExecutor


def work(number):
    time.sleep(0.02)
    return sum(range(20_000))


tasks, workers = int(sys.argv[1]), int(sys.argv[2])
with ThreadPoolExecutor(workers) as pool:
    print(len(list(pool.map(work, range(tasks)))), "done")
