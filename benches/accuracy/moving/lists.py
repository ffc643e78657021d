"""Lists of twenty numbers, sent to be added up."""
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

TASKS = 60000


def work(numbers):
    """The spread of a list."""
    return max(numbers) - min(numbers) + sum(numbers)


LISTS = [[number + place for place in range(20)] for number in range(TASKS)]


def one_by_one():
    return len([work(item) for item in LISTS])


def on_executor():
    with ProcessPoolExecutor(2) as pool:
        return len(list(pool.map(work, LISTS)))


def on_pool():
    with multiprocessing.Pool(2) as pool:
        return len(pool.map(work, LISTS))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(LISTS[number])
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "sequential": one_by_one,
    "process_pool": on_executor, "multiprocessing_pool": on_pool, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
