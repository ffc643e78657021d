import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor


def work(number):
    time.sleep(0.02)
    return sum(range(20_000))


if __name__ == "__main__":
    if sys.argv[1] == "executor":
        with ProcessPoolExecutor(2) as pool:
            results = list(pool.map(work, range(24), chunksize=3))
    else:
        with multiprocessing.Pool(2) as pool:
            results = list(pool.imap_unordered(work, range(24), chunksize=3))
            pool.close()
            pool.join()
    print(len(results), "done")
