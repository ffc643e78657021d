"""Requests to processes that were forked beforehand: each accepts, and hands requests to threads of its own."""
import concurrent.futures
import multiprocessing
import os
import selectors
import signal
import socket
import sys
import time

REQUESTS, PROCESSES, THREADS = 320, 8, 4
WAIT = 0.1


def handle(connection):
    """Answer one request."""
    with connection:
        connection.recv(100)
        time.sleep(WAIT)
        connection.sendall(os.getpid().to_bytes(4, "big"))


def serve(listener, ready):
    """Accept whatever comes, as gunicorn's gthread workers do."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    listener.setblocking(False)
    poller = selectors.DefaultSelector()
    poller.register(listener, selectors.EVENT_READ)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        ready.release()
        while True:
            for _ in poller.select(1.0):
                try:
                    connection, _ = listener.accept()
                except BlockingIOError:
                    continue
                connection.setblocking(True)
                pool.submit(handle, connection)


def serve_one(listener, ready):
    """Accept one request and do it, as gunicorn's sync workers do."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ready.release()
    while True:
        connection, _ = listener.accept()
        handle(connection)


def play(target, processes):
    context = multiprocessing.get_context("fork")
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    ready = context.Semaphore(0)
    workers = [context.Process(target=target, args=(listener, ready)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    time.sleep(0.1)
    began = time.perf_counter()
    clients = []
    for _ in range(REQUESTS):
        client = socket.create_connection(listener.getsockname())
        client.sendall(b"GET /")
        clients.append(client)
    for client in clients:
        client.recv(4)
    took = time.perf_counter() - began
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join()
    return took


TOOLS = {
    "threads": lambda: play(serve, PROCESSES), "processes": lambda: play(serve_one, 32),
}


if __name__ == "__main__":
    print(None, TOOLS[sys.argv[1]]())
