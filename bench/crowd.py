"""Many clients asking at once over kept connections, from one thread: a load generator that costs little itself."""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness import BenchError

STALLED_SECONDS = 30
_CODE = re.compile(rb'"code":"(\w+)"')


@dataclass
class Answers:
    """What a crowd got; seconds are of the whole, latencies of each answer, codes those of refusals."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    bytes: int = 0

    @property
    def count(self) -> int:
        return self.statuses.total()

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


@dataclass
class _Client:
    connection: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


def ask(
    base_url: str, paths: Iterator[str], *, clients: int, requests: int, before_each: Callable[[], object] | None = None
) -> Answers:
    """GET `requests` of `paths`, `clients` at a time."""
    messages = (message(base_url, "GET", path) for path in paths)
    return send(base_url, messages, clients=clients, requests=requests, before_each=before_each)


def message(base_url: str, method: str, path: str, *, body: bytes = b"", **headers: str) -> bytes:
    """A whole request as it goes over the wire; names of headers with `_` for `-`."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(base_url).netloc}", "Accept: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(
    base_url: str,
    messages: Iterator[bytes],
    *,
    clients: int,
    requests: int,
    before_each: Callable[[], object] | None = None,
) -> Answers:
    """Send `requests` of `messages`, `clients` at a time."""
    address = urlsplit(base_url)
    answers, left = Answers(), requests
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(min(clients, requests)):
            client = _Client(socket.create_connection((address.hostname, address.port)))
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.connection, selectors.EVENT_READ, client)
            _send(client, next(messages), before_each)
            left -= 1
        while selector.get_map():
            ready = selector.select(STALLED_SECONDS)
            if not ready:
                raise BenchError(f"no answer within {STALLED_SECONDS} s")
            for key, _events in ready:
                if not _receive(key.data, answers):
                    continue
                if left:
                    _send(key.data, next(messages), before_each)
                    left -= 1
                else:
                    selector.unregister(key.data.connection)
                    key.data.connection.close()
        answers.seconds = time.perf_counter() - started
    return answers


def _send(client: _Client, whole: bytes, before_each: Callable[[], object] | None) -> None:
    if before_each is not None:
        before_each()
    client.received, client.sent_at = b"", time.perf_counter()
    client.connection.sendall(whole)


def _receive(client: _Client, answers: Answers) -> bool:
    """Take what has come; tells whether the answer is complete."""
    part = client.connection.recv(262_144)
    if not part:
        raise BenchError("the server closed a connection")
    client.received += part
    head, separator, body = client.received.partition(b"\r\n\r\n")
    if not separator or len(body) < _length(head):
        return False
    status = int(head[9:12])
    answers.statuses[status] += 1
    if status >= 400 and (code := _CODE.search(body)):
        answers.codes[code[1].decode()] += 1
    answers.latencies.append(time.perf_counter() - client.sent_at)
    answers.bytes += len(body)
    return True


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise BenchError("an answer without Content-Length")
