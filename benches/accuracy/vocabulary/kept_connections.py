"""Forty requests over TCP by four workers; each keeps its connection, or makes one for each request."""
import concurrent.futures
import socket
import sys
import threading
import time

REQUESTS, WORKERS = 40, 4
CONNECT, ANSWER = 0.03, 0.05


def answer(connection):
    """A server far away: it greets late, and answers late."""
    with connection:
        time.sleep(CONNECT)
        connection.sendall(b"!")
        while connection.recv(1):
            time.sleep(ANSWER)
            connection.sendall(b"!")


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def play(keeps):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    local = threading.local()

    def request(_):
        connection = getattr(local, "connection", None)
        if connection is None:
            connection = socket.create_connection(listener.getsockname())
            connection.recv(1)
        connection.sendall(b"?")
        connection.recv(1)
        if keeps:
            local.connection = connection
        else:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(request, range(REQUESTS)))


TOOLS = {
    "kept": lambda: play(True), "dropped": lambda: play(False),
}


if __name__ == "__main__":
    began = time.perf_counter()
    print(TOOLS[sys.argv[1]](), time.perf_counter() - began)
