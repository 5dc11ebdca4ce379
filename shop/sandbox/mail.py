"""A mail server: takes every mail over SMTP, delivers none.

It speaks as much of SMTP as a client needs that sends plain mail: HELO or EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT.
"""

import email.policy
import logging
import socketserver
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from shop.sandbox.faults import ANSWER_KINDS, Faults

MAX_MAIL = 1_000_000
_logger = logging.getLogger(__name__)


@dataclass
class Mail:
    """One mail as it was handed over."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    data: bytes = b""

    def content(self) -> dict[str, Any]:
        parsed = message_from_bytes(self.data, policy=email.policy.default)
        body = parsed.get_body(("plain", "html"))
        return {
            "from": self.sender,
            "subject": str(parsed["Subject"] or "").strip(),
            "message_id": str(parsed["Message-ID"] or ""),
            "text": body.get_content() if body else "",
        }


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on `port` of the loopback address, or a free one where that is taken; one thread a connection."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, faults: Faults, take: Callable[[Mail], None], port: int = 0) -> None:
        self.faults = faults
        self.take = take
        try:
            super().__init__(("127.0.0.1", port), _Conversation)
        except OSError:
            super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what went wrong, save that the other side had left."""
        if not isinstance(sys.exc_info()[1], OSError):
            _logger.exception("A mail from %s failed", client_address)


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer
    timeout = 75

    def handle(self) -> None:
        self._say(220, "sandbox ready")
        mail = Mail()
        while line := self.rfile.readline(2048):
            verb, _space, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                self._say(221, "bye")
                return
            if verb in ("HELO", "EHLO"):
                self._say(250, "sandbox")
            elif verb in ("NOOP", "RSET"):
                mail = Mail()
                self._say(250, "ok")
            elif verb == "MAIL":
                mail = Mail(sender=_address(rest))
                self._say(250, "ok")
            elif verb == "RCPT":
                self._take_recipient(mail, _address(rest))
            elif verb == "DATA" and mail.recipients:
                if not self._take_data(mail):
                    return
                mail = Mail()
            else:
                self._say(503 if verb == "DATA" else 500, "not now")

    def _take_recipient(self, mail: Mail, address: str) -> None:
        if "@" not in address or self.server.faults.take("email", frozenset({"refuse"})):
            self._say(550, "no such mailbox")
            return
        mail.recipients.append(address)
        self._say(250, "ok")

    def _take_data(self, mail: Mail) -> bool:
        """Read the mail and keep it, through whatever fault awaits it; False when the connection is to be dropped."""
        self._say(354, "go on")
        data = bytearray()
        while (line := self.rfile.readline(MAX_MAIL)) not in (b".\r\n", b""):
            data += line[1:] if line.startswith(b".") else line
            if len(data) > MAX_MAIL:
                self._say(552, "too large")
                return False
        mail.data = bytes(data)
        fault = self.server.faults.take("email", ANSWER_KINDS)
        if fault is None or fault.after:
            self.server.take(mail)
        if fault is None:
            self._say(250, "taken")
        elif fault.kind == "hang":
            time.sleep(fault.seconds)
            return False
        else:
            self._say(451, "try again later")
        return True

    def _say(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())


def _address(rest: str) -> str:
    """`TO:<a@b.c> SIZE=1` → `a@b.c`."""
    return rest.partition(":")[2].strip().partition(" ")[0].strip("<>")
