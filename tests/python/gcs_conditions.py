"""Gives fake-gcs-server what it lacks of Google's XML interface: writes by PUT, and their conditions.

python3 gcs_conditions.py PORT PORT_OF_FAKE_GCS_SERVER
"""

import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, BEHIND = int(sys.argv[1]), int(sys.argv[2])
WRITES = threading.Lock()
CONDITION = "x-goog-if-generation-match"


def ask(method, path, headers, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", BEHIND)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def generation(path):
    status, headers, _ = ask("GET", path, {})
    return headers["X-Goog-Generation"] if status == 200 else "0"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet an answer: two would wait for each other.
    wbufsize = 1 << 16

    def forward(self):
        # The host's name tells it that the XML interface is meant.
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.command in ("PUT", "DELETE"):
            with WRITES:
                answer = self.write(headers, body)
        else:
            answer = ask(self.command, self.path, headers, body)
        self.answer(*answer)

    def write(self, headers, body):
        if self.command == "DELETE":
            return ask("DELETE", self.path, headers)
        expected = self.headers.get(CONDITION)
        if expected is not None and expected != generation(self.path):
            return 412, {}, b"the condition does not hold"
        # It takes such writes from those only who sign the address.
        status, _, answer = ask("PUT", self.path + "?X-Goog-Algorithm=none", headers, body)
        _, written, _ = ask("GET", self.path, {})
        return status, {name: written[name] for name in ("Etag", "X-Goog-Generation") if name in written}, answer

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = forward

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


server = Server(("127.0.0.1", PORT), Handler)
print("listening", flush=True)
server.serve_forever()
