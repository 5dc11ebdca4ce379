"""The demo shop's points: a gift by file, members reminded of what expires soon, and the proof of the ledger."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from members.identity.models import Member
from points.accounts.models import GrantFile, LedgerProof, ReminderRound
from points.accounts.services import prove_ledger, remind_due, request_file, upload_file, work_files
from points.ledger.services import grant
from points.ledger.services.granting import MANUAL
from shop.core.actors import Actor
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import unit_of_work

ACTOR = Actor.system("demo")
GIFTS = (300, 120, 60, 500, 80, 40)
GIVEN_BEFORE, LEFT = timedelta(days=20), timedelta(days=6)


def load(*, size: str, now: datetime) -> str:
    members = list(Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk")[: len(GIFTS)])
    if not GrantFile.objects.exists():
        _give_by_file(members, now=now)
    if not ReminderRound.objects.exists():
        _remind(members, now=now)
    if not LedgerProof.objects.exists():
        prove_ledger(now=now)
    return f"{ReminderRound.objects.count()} rounds of reminders, {GrantFile.objects.count()} gift by file"


def _give_by_file(members: Sequence[Member], *, now: datetime) -> None:
    rows = [f"{member.pk},{points},中秋福利" for member, points in zip(members, GIFTS, strict=False)]
    content = "\n".join(["会员编号,积分,原因", *rows]).encode()
    file = upload_file(content=content, filename="mid-autumn.csv", actor=ACTOR, now=now)
    if file.status == GrantFile.Status.CHECKED:
        request_file(file_id=file.pk, actor=ACTOR, now=now)
        work_files(now=now)


def _remind(members: Sequence[Member], *, now: datetime) -> None:
    """Points of an old campaign run out in some days; their owners were told when they came and are told again."""
    then, end = now - GIVEN_BEFORE, day_bounds(business_day(now + LEFT))[1]
    with unit_of_work():
        for member, points in zip(members, GIFTS, strict=False):
            grant(
                reference=f"demo:expiring:{member.pk}",
                member_id=member.pk,
                points=points,
                source=MANUAL,
                note="周年庆积分",
                now=then,
                matures_at=then,
                expires_at=end,
            )
    remind_due(now=then)
    remind_due(now=now)
