"""A web server of the tests' own for goeswith-sync: it keeps files in a folder, or answers what a test planned."""
import contextlib
import http.server
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, headers=(), body=b"x"):
        self.send_response(status)
        for k, v in headers:
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Folder(Handler):
    """As nginx with our configuration; server.plan: statuses of the next puts, or "silence"."""

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.server.folder / self.path.strip("/")
        step = self.server.plan.pop(0) if self.server.plan else 412 if path.exists() else 201
        self.server.asked += 1
        if step == "silence":
            time.sleep(120)
            return
        if step == 201:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        self.answer(step)

    def do_GET(self):
        path = self.server.folder / self.path.strip("/")
        self.answer(200, body=path.read_bytes()) if path.is_file() else self.answer(404)


@contextlib.contextmanager
def serve(handler, folder=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.folder, server.files, server.plan, server.asked = folder, {}, [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
