"""Many small tasks, a hundred a message."""
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

TASKS = 100000

def work(item):
    """Some computing."""
    total = item
    for number in range(60):
        total += number
    return total


def one_by_one():
    return len([work(item) for item in range(TASKS)])


def on_executor():
    with ProcessPoolExecutor(2) as pool:
        return len(list(pool.map(work, range(TASKS), chunksize=100)))


def on_pool():
    with multiprocessing.Pool(2) as pool:
        return len(pool.map(work, range(TASKS), chunksize=100))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "sequential": one_by_one,
    "process_pool": on_executor, "multiprocessing_pool": on_pool, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
