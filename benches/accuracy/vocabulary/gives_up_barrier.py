"""Three of four meet; one gives up, the barrier breaks, and each works alone."""
import multiprocessing
import sys
import threading
import time

def work(item):
    """Some computing."""
    total = item
    for number in range(200):
        total += number
    return total


def meet(barrier, number):
    time.sleep(0.01 * number)
    try:
        barrier.wait(timeout=0.05)
    except threading.BrokenBarrierError:
        time.sleep(0.02)
    for step in range(1000):
        work(step)


def start(kind, barrier):
    workers = [kind(target=meet, args=(barrier, number)) for number in range(1, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()



def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {
    "threading": lambda: start(threading.Thread, threading.Barrier(4)),
    "multiprocessing": lambda: start(multiprocessing.Process, multiprocessing.Barrier(4)), "unit": unit,
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
