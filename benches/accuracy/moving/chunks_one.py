"""Small tasks, each a message of its own."""
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

TASKS = 6000

def work(item):
    """Some computing."""
    total = item
    for number in range(400):
        total += number
    return total


def one_by_one():
    return len([work(item) for item in range(TASKS)])


def on_threads():
    with ThreadPoolExecutor(4) as pool:
        return len(list(pool.map(work, range(TASKS))))


def on_executor():
    with ProcessPoolExecutor(2) as pool:
        return len(list(pool.map(work, range(TASKS))))


def on_pool():
    with multiprocessing.Pool(2) as pool:
        return len(pool.map(work, range(TASKS)))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(6000):
        work(number)
    return (time.perf_counter() - began) / 6000 * 1e9


TOOLS = {
    "sequential": one_by_one, "thread_pool": on_threads,
    "process_pool": on_executor, "multiprocessing_pool": on_pool, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
