"""What a code may stand for. The door asks each kind in turn; a new kind is one more line in `KINDS`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from logistics.network.models import Store
from members.identity.models import Member
from members.identity.phones import mask_phone
from shop.core.actors import Actor


@dataclass(frozen=True)
class Goods:
    name: str
    options: str
    image_url: str
    quantity: int


@dataclass(frozen=True)
class Found:
    """What a code stands for, before and after it is used. `store` is the only one where it can be, if there is one.

    `off_fen` is what a coupon takes off the bill; it is known once the bill is.
    """

    kind: str
    reference: str
    title: str
    member: Member
    store: Store | None = None
    goods: Sequence[Goods] = ()
    details: Sequence[str] = ()
    needs_bill: bool = False
    bill_fen: int | None = None
    off_fen: int | None = None


@dataclass(frozen=True)
class Handling:
    """How something is used: where, for what bill, by whom."""

    store: Store
    bill_fen: int | None
    actor: Actor
    now: datetime = field(kw_only=True)


class Kind(Protocol):
    def find(self, *, code: str, bill_fen: int | None, now: datetime) -> Found | None:
        """What the plain `code` stands for, when it is one of this kind and good. Raises why it cannot be used."""

    def use(self, *, code: str, handling: Handling) -> Found:
        """Use it, once, inside the caller's transaction. Raises why it cannot be used."""

    def undo(self, *, reference: str, store: Store, used_at: datetime, now: datetime) -> None:
        """Take the use back, inside the caller's transaction. Raises UndoNotSafe where that is not harmless."""


def masked(member: Member) -> str:
    """As much of a member as a person at the counter needs to greet them."""
    name = f"{member.nickname[0]}**" if member.nickname else "–"
    return f"{name} {mask_phone(member.phone)}" if member.phone else name
