"""A map of forty parts, then a reduction of four, then a report."""
import concurrent.futures
import sys
import threading
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


PARTS = 40
GROUPS = 4


def count(number):
    for step in range(600):
        work(step)


def reduce(number):
    for step in range(1000):
        work(step)


def report():
    time.sleep(0.01)


def stages(pool):
    concurrent.futures.wait([pool.submit(count, number) for number in range(PARTS)])
    concurrent.futures.wait([pool.submit(reduce, number) for number in range(GROUPS)])
    pool.submit(report).result()


def on_pool():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        stages(pool)


def on_processes():
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        stages(pool)


def run_all(target, many):
    threads = [threading.Thread(target=target, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def on_threads():
    run_all(count, PARTS)
    run_all(reduce, GROUPS)
    report()



def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": on_threads, "thread_pool": on_pool, "process_pool": on_processes, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
