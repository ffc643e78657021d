"""Ends in the way that its argument names."""
import os
import signal
import socket
import subprocess
import sys
import threading
import time


def work():
    time.sleep(0.02)
    sum(range(20_000))


def way_normal():
    pass


def way_exception():
    socket.create_connection(("127.0.0.1", 1), timeout=1)


def way_chained_exceptions():
    try:
        time.sleep("x")
    except TypeError:
        time.sleep(-1)


def way_exit_code():
    sys.exit(7)


def way_exit_text():
    sys.exit("bye")


def way_os_exit():
    os._exit(9)


def way_term():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


def way_interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


def way_kill():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(5)


def way_crash():
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(5)


def way_fork():
    import warnings

    # Whether threads that were joined are quite gone is a matter of luck.
    warnings.simplefilter("ignore", DeprecationWarning)
    child = os.fork()
    if child == 0:
        time.sleep(0.01)
        print("child", flush=True)
        os._exit(3)
    print(os.waitpid(child, 0)[1])


def way_daemon_thread():
    threading.Thread(target=lambda: [time.sleep(0.001) for _ in range(10**6)], daemon=True).start()
    time.sleep(0.05)


def way_exception_in_a_thread():
    thread = threading.Thread(target=lambda: time.sleep("x"), name="T")
    thread.start()
    thread.join()


def way_logged():
    import logging
    import traceback

    try:
        time.sleep("x")
    except TypeError:
        logging.exception("no")
        traceback.print_exc()


def way_closes_all_files():
    os.closerange(3, 4096)
    time.sleep(0.01)
    with open("/dev/null") as file:
        print(file.fileno())


def way_exception_in_a_pool():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        print(pool.submit(lambda: time.sleep(-1)).exception())
        pool.submit(socket.create_connection, ("127.0.0.1", 1)).result()


def way_subprocess():
    program = "import time; time.sleep(0.02); print('inner')"
    print(subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE).stdout)


def way_exception_in_a_coroutine():
    import asyncio

    async def connect():
        await asyncio.sleep(0.01)
        await asyncio.open_connection("127.0.0.1", 1)

    async def main():
        task = asyncio.ensure_future(connect())
        try:
            await asyncio.wait_for(asyncio.sleep(5), 0.02)
        except asyncio.TimeoutError:
            print("timeout")
        await task

    asyncio.run(main())


def way_task_that_nobody_asked():
    import asyncio

    async def fail():
        raise ValueError("nobody asks")

    async def main():
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0.01)
        print(task.done())

    asyncio.run(main())


def way_interrupt_of_a_loop():
    import asyncio

    async def main():
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
        await asyncio.gather(*(asyncio.sleep(5) for _ in range(3)))

    asyncio.run(main())


def way_blocking_call_in_a_thread_of_the_loop():
    import asyncio

    async def main():
        loop = asyncio.get_running_loop()
        print(await loop.run_in_executor(None, time.sleep, 0.01))
        await loop.run_in_executor(None, time.sleep, "x")

    asyncio.run(main())


def fail_in_a_process(number):
    if number == 3:
        raise ValueError(number)
    return number


def way_exception_in_a_process_pool():
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(2) as pool:
        print(pool.submit(fail_in_a_process, 1).result())
        try:
            list(pool.map(fail_in_a_process, range(5), chunksize=2))
        except ValueError as error:
            print(type(error.__cause__).__name__, str(error.__cause__).count("File "))


def way_exception_in_a_multiprocessing_pool():
    import multiprocessing

    with multiprocessing.Pool(2) as pool:
        print(pool.map(fail_in_a_process, range(3)))
        print(pool.starmap(fail_in_a_process, [(0,), (1,)]))
        try:
            pool.map(fail_in_a_process, range(5))
        except ValueError as error:
            print(error)


def way_numbers_that_are_none():
    import asyncio
    import math
    from concurrent.futures import ThreadPoolExecutor

    async def in_turn():
        for semaphore in (asyncio.Semaphore(math.inf), asyncio.BoundedSemaphore(1)):
            async with semaphore:
                await asyncio.sleep(0.001)

    print(threading.Semaphore(math.inf).acquire())
    with ThreadPoolExecutor(2.5) as pool:
        print(pool.submit(len, "abc").result())
    asyncio.run(in_turn())


def way_builtins_in_classes():
    import pickle
    import selectors

    class Backoff:
        pause = time.sleep

    Backoff().pause(0.001)
    print(selectors.SelectSelector().select(0), time.sleep, pickle.loads(pickle.dumps(time.sleep)) is time.sleep)


def way_failed_tasks_are_freed():
    import gc
    import weakref
    from concurrent.futures import ThreadPoolExecutor

    class Thing:
        pass

    def fail():
        thing = Thing()
        seen.append(weakref.ref(thing))
        raise ValueError

    gc.disable()
    seen = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(4):
            pool.submit(fail)
    print(sum(thing() is not None for thing in seen))


def way_odd_exceptions():
    class Odd(Exception):
        exceptions = None

    raise Odd("it has no members")


def way_pool_of_threads():
    from multiprocessing.pool import ThreadPool

    with ThreadPool(2) as pool:
        print(pool.map(len, ["a", "bc"]))


def handles_term():
    seen = []
    signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
    print("ready", flush=True)
    deadline = time.monotonic() + 30
    while not seen and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    print("signals:", len(seen))
    sys.exit(5)


if __name__ == "__main__":
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    how = sys.argv[1]
    globals()[how if how in globals() else f"way_{how}"]()
