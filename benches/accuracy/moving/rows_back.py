"""Rows of two hundred numbers that come back."""
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

TASKS = 8000


def work(number):
    """A row of two hundred numbers."""
    return [number * place for place in range(200)]


def one_by_one():
    return len([work(item) for item in range(TASKS)])


def on_executor():
    with ProcessPoolExecutor(2) as pool:
        return len(list(pool.map(work, range(TASKS), chunksize=50)))


def on_pool():
    with multiprocessing.Pool(2) as pool:
        return len(pool.map(work, range(TASKS), chunksize=50))


def unit():
    """Nanoseconds of one piece of work, all rows kept."""
    began = time.perf_counter()
    rows = [work(number) for number in range(TASKS)]
    return (time.perf_counter() - began) / len(rows) * 1e9


TOOLS = {
    "sequential": one_by_one,
    "process_pool": on_executor, "multiprocessing_pool": on_pool, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
