"""What check-ins and tasks tell the rooms above."""

from datetime import date, datetime

from shop.core.events import Fact


class CheckedIn(Fact):
    """A member has checked in for the first time on a Shanghai day; `points` is what the streak table gave."""

    member_id: int
    day: date
    streak: int
    points: int
    at: datetime


class TaskCompleted(Fact):
    """A member has done a task once more; `points` may be 0."""

    completion_id: int
    member_id: int
    task: str
    kind: str
    points: int
    at: datetime


class MemberDid(Fact):
    """A member did something that counts towards tasks; `kind` is one of `models.Kind`. Once per kind and reference."""

    member_id: int
    kind: str
    reference: str
    at: datetime


class LinkVisited(Fact):
    """A visitor opened the link that a member has shared, for the first time on a Shanghai day."""

    visit_id: int
    member_id: int
    visitor: str
    at: datetime
