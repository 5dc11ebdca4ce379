"""A merchant that receives callbacks over HTTP and answers as it is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Callback:
    """One call that the merchant received."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Merchant:
    """Receives callbacks; `statuses` are answered one after another, then 204."""

    url: str = ""
    received: list[Callback] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    arrival: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, number: int, *, timeout: float = 5.0) -> list[Callback]:
        """Return what came once there are so many; fail when they do not come."""
        with self.arrival:
            assert self.arrival.wait_for(lambda: len(self.received) >= number, timeout), self.received
            return list(self.received)

    def stays_at(self, number: int, *, seconds: float = 0.5) -> bool:
        """Tell whether no further call comes for a while."""
        time.sleep(seconds)
        return len(self.received) == number


@contextmanager
def receiving() -> Iterator[Merchant]:
    """Run a merchant on a free port."""
    merchant = Merchant()

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with merchant.arrival:
                merchant.received.append(Callback(self.path, dict(self.headers), body))
                status = merchant.statuses.pop(0) if merchant.statuses else 204
                merchant.arrival.notify_all()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    merchant.url = f"http://127.0.0.1:{server.server_port}"
    yield merchant
    server.shutdown()
    server.server_close()
