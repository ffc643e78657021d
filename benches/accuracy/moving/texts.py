"""Texts of 200 kB, sent to have their words counted."""
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

TASKS = 1000


def work(text):
    """How many words a text has."""
    return text.count(b" ")


TEXTS = [bytes(range(256)) * 800 for _ in range(TASKS)]


def one_by_one():
    return len([work(item) for item in TEXTS])


def on_threads():
    with ThreadPoolExecutor(4) as pool:
        return len(list(pool.map(work, TEXTS)))


def on_executor():
    with ProcessPoolExecutor(2) as pool:
        return len(list(pool.map(work, TEXTS)))


def on_pool():
    with multiprocessing.Pool(2) as pool:
        return len(pool.map(work, TEXTS))


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(1000):
        work(TEXTS[number])
    return (time.perf_counter() - began) / 1000 * 1e9


TOOLS = {
    "sequential": one_by_one, "thread_pool": on_threads,
    "process_pool": on_executor, "multiprocessing_pool": on_pool, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
