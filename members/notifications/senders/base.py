"""What every sender takes, and the ways in which sending ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Attachment(NamedTuple):
    """A file that goes with a mail."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Message:
    """One message, ready to go. `address` is what the channel needs: a phone in E.164, an openid, a mail address.

    `reference` names the delivery to gateways that send one message for all calls with the same.
    """

    address: str
    title: str
    text: str
    reference: str = ""
    provider_template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    language: str = ""
    attachments: Sequence[Attachment] = ()


class NotSent(Exception):
    """The message did not go out, or nobody knows whether it did; `code` is for the delivery log."""

    def __init__(self, code: str, *, retryable: bool) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = retryable


class Sender(Protocol):
    def __call__(self, message: Message) -> str:
        """Send; returns the provider's number for it. Never called inside a transaction. Raises NotSent."""
        ...
