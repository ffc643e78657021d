"""Three stages with two workers each hand items on through queues."""
import queue
import sys
import threading
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


ITEMS = 200




def produce(jobs):
    for number in range(ITEMS):
        work(number)
        jobs.put(None)
        jobs.put(None)


def parse(jobs, rows, lock):
    for number in range(ITEMS):
        jobs.get()
        for step in range(20):
            work(step)
        with lock:
            work(number)
        rows.put(None)


def store(rows):
    for _ in range(ITEMS):
        rows.get()
        time.sleep(0.0005)


def on_threads():
    jobs, rows, lock = queue.Queue(20), queue.Queue(20), threading.Lock()
    threads = [threading.Thread(target=produce, args=(jobs,))]
    threads += [threading.Thread(target=parse, args=(jobs, rows, lock)) for _ in range(2)]
    threads += [threading.Thread(target=store, args=(rows,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": on_threads, "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
