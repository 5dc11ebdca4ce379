"""Who does something: passed to services from the edge, kept in audit trails."""

from dataclasses import dataclass
from enum import StrEnum


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
