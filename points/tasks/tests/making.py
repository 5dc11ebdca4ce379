"""Tasks and instants for tests, with as few defaults as they can do with."""

from datetime import UTC, datetime, timedelta

from members.identity.models import Member
from points.ledger.queries import balance_of
from points.tasks.models import RewardStep, Task
from points.tasks.services import publish_task
from shop.core.actors import Actor

STAFF = Actor.staff("tester")


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """An instant on a Shanghai day."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - timedelta(hours=8)


NOON = at(2026, 3, 10)


def draft_of(kind: str, *, steps: tuple[int, ...] = (), **values) -> Task:
    task = Task(**{"code": kind.replace("_", "-"), "kind": kind, "name": kind, "points": 10, **values})
    task.full_clean(exclude=["name_en"], validate_constraints=False)
    task.save()
    RewardStep.objects.bulk_create(RewardStep(task=task, number=n, points=p) for n, p in enumerate(steps, start=1))
    return task


def task_of(kind: str, *, live_since: datetime | None = None, **values) -> Task:
    """A task that is live."""
    Task.objects.filter(kind=kind, code__in=("check-in", "birthday")).delete()
    return publish_task(
        task_id=draft_of(kind, **values).pk, actor=STAFF, now=live_since or NOON, acknowledges_share_rule=True
    )


def points_of(member: Member, now: datetime) -> int:
    """What the member can spend."""
    return balance_of(member_id=member.pk, now=now).available
