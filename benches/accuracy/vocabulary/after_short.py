"""A hundred short jobs, and a hundred that come after one of them each."""
import concurrent.futures
import sys
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


JOBS = 100


def first(number):
    for step in range(100):
        work(step)


def second(number):
    for step in range(100):
        work(step)


def chained(pool):
    firsts = [pool.submit(first, number) for number in range(JOBS)]
    seconds = [pool.submit(second, done.result()) for done in concurrent.futures.as_completed(firsts)]
    concurrent.futures.wait(seconds)


def on_pool():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        chained(pool)


def on_processes():
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        chained(pool)



def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "thread_pool": on_pool, "process_pool": on_processes, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
