"""Secrets as arguments, variables, paths, queries, headers, cookies, bodies, names of files and of threads."""
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        threading.Event().wait(0.05)
        body = b"hunter2-answer"
        self.send_response(200)
        self.send_header("X-Secret", "hunter2-answer-header")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def fetch(secret):
    url = f"http://user:hunter2-password@localhost:{port}/hunter2-path?key=hunter2-query#hunter2-fragment"
    url = url.replace("user:hunter2-password@", "")
    headers = {"Authorization": "hunter2-header", "Cookie": "id=hunter2-cookie"}
    request = urllib.request.Request(url, data=b"hunter2-body", headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = server.server_address[1]
threading.Thread(target=server.serve_forever, name="hunter2-thread", daemon=True).start()
with ThreadPoolExecutor(4, thread_name_prefix="hunter2-pool") as pool:
    answers = list(pool.map(fetch, ["hunter2-parameter"] * 30))
print(len(answers))
