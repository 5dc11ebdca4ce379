"""The HTTP server: HTTP/1.1 with kept-alive connections, one thread each."""

import logging
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shop.sandbox.routing import HungUp, Refused, Request, Response, refused

MAX_BODY = 1_000_000
_logger = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Listens on the loopback address and hands every request to one callable."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *, port: int, handle: Callable[[Request], Response]) -> None:
        self.handle = handle
        super().__init__(("127.0.0.1", port), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what went wrong on a connection, save that the other side had left."""
        if not isinstance(sys.exc_info()[1], OSError):
            _logger.exception("A connection from %s failed", client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sandbox", ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75
    server: Server

    def _answer(self) -> None:
        try:
            request = Request(self.command, self.path, self.headers, self._read_body())
            response = self.server.handle(request)
        except Refused as refusal:
            # The body may be unread: what follows on this connection could not be told from it.
            self.close_connection = True
            response = refusal.response
        except HungUp:
            self.close_connection = True
            return
        self._send(response)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

    def _read_body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            raise refused(411, "LENGTH_REQUIRED", "Send the body with a Content-Length.")
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit():
            raise refused(400, "INVALID_LENGTH", "Content-Length is not a number.")
        if int(length) > MAX_BODY:
            raise refused(413, "BODY_TOO_LARGE", f"A body has at most {MAX_BODY} bytes.")
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a demo's terminal is not the place for every request."""
