"""Requests to processes that were forked beforehand, each with an event loop: what uvicorn's workers are."""
import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import time

REQUESTS = 200
WAIT, WORK, GAP = 0.05, 0.004, 0.001


def spin(seconds):
    """Compute for so long."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


class Request(asyncio.Protocol):
    """Answers one request."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, _data):
        self.task = asyncio.get_running_loop().create_task(self.answer())

    async def answer(self):
        await look_up()
        self.transport.write(os.getpid().to_bytes(4, "big"))
        self.transport.close()


async def look_up():
    """Wait for a database, then compute."""
    await asyncio.sleep(WAIT)
    spin(WORK)


async def serve(listener, ready):
    """Accept whatever comes, as `asyncio.start_server` and uvicorn do."""
    server = await asyncio.get_running_loop().create_server(Request, sock=listener, backlog=2048)
    ready.release()
    await server.serve_forever()


def work(listener, ready):
    """One process of the server."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(serve(listener, ready))


def play(processes):
    context = multiprocessing.get_context("fork")
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    ready = context.Semaphore(0)
    workers = [context.Process(target=work, args=(listener, ready)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    time.sleep(0.1)
    began = time.perf_counter()
    clients = []
    for number in range(REQUESTS):
        time.sleep(max(0.0, began + number * GAP - time.perf_counter()))
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
    "four": lambda: play(4),
    "two": lambda: play(2),
}


if __name__ == "__main__":
    print(None, TOOLS[sys.argv[1]]())
