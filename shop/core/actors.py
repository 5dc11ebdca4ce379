"""Who does something: passed to services from the edge, kept in audit trails."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _


class ActorKind(StrEnum):
    MEMBER = "member"
    STAFF = "staff"
    SYSTEM = "system"
    GATEWAY = "gateway"


@dataclass(frozen=True)
class Actor:
    kind: ActorKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def member(cls, member_id: int) -> "Actor":
        return cls(ActorKind.MEMBER, str(member_id))

    @classmethod
    def staff(cls, username: str) -> "Actor":
        return cls(ActorKind.STAFF, username)

    @classmethod
    def system(cls, job: str) -> "Actor":
        return cls(ActorKind.SYSTEM, job)

    @classmethod
    def gateway(cls, name: str) -> "Actor":
        return cls(ActorKind.GATEWAY, name)


def actor_in_words(actor: str) -> str:
    """An actor as it is kept in audit trails, for people: staff by their names, others by what they are."""
    kind, _colon, name = actor.partition(":")
    words: dict[str, str] = {
        ActorKind.MEMBER: _("Member"),
        ActorKind.SYSTEM: _("The shop"),
        ActorKind.GATEWAY: _("Payment service"),
    }
    return name if kind == ActorKind.STAFF else words.get(kind, actor)
