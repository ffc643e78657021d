"""Four threads write to a log file under a lock, beside one that computes."""
import sys
import threading
import time

LINES = 50
WRITERS = 4


def work(item):
    """Some computing: format a line."""
    total = item
    for number in range(600):
        total += number
    return total


def compute(ended):
    """Compute until the others have ended."""
    while not ended:
        work(1)


def write(log):
    for number in range(LINES):
        with log:
            work(number)
            time.sleep(0.0001)
        time.sleep(0.0002)


def on_threads():
    log, ended = threading.Lock(), []
    model = threading.Thread(target=compute, args=(ended,))
    writers = [threading.Thread(target=write, args=(log,)) for _ in range(WRITERS)]
    model.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ended.append(True)
    model.join()


def unit():
    """Nanoseconds of one piece of work."""
    began = time.perf_counter()
    for number in range(20000):
        work(number)
    return (time.perf_counter() - began) / 20000 * 1e9


TOOLS = {"threading": on_threads, "unit": unit}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
