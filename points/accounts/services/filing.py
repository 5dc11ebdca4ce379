"""Gifts by file: checked, requested, approved by somebody else where they are large, booked row by row, and undone."""

import io
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import QuerySet, Sum

from points.accounts.errors import FileNotReady
from points.accounts.explaining import FILE
from points.accounts.grant_files import SHOWN, check_file
from points.accounts.models import GrantFile, GrantLine
from points.accounts.preferences import FILE_APPROVAL_ABOVE
from points.ledger.errors import SecondPersonNeeded
from points.ledger.locks import lock_accounts, lock_giver
from points.ledger.services import claw_back, grant
from shop.core.actors import Actor
from shop.core.job_centre import CannotBeRetried, CannotBeStopped
from shop.core.transactions import use_case

Status, LineStatus = GrantFile.Status, GrantLine.Status
BATCH = 200
_DAY = timedelta(days=1)


@use_case
def upload_file(*, content: bytes, filename: str, actor: Actor, now: datetime) -> GrantFile:
    """A dry run: what the file would give, or every reason why it cannot. Raises ImportFileNotReadable."""
    found = check_file(io.BytesIO(content))
    file = GrantFile.objects.create(
        filename=filename[:200],
        status=Status.REFUSED if found.problems else Status.CHECKED,
        lines_in_file=found.rows,
        points=sum(line.points for line in found.lines),
        problems=found.problems[:SHOWN],
        digest=sha256(content).hexdigest(),
        uploaded_by=str(actor)[:80],
        uploaded_at=now,
    )
    if not found.problems:
        for line in found.lines:
            line.file = file
        GrantLine.objects.bulk_create(found.lines, batch_size=2000)
    return file


@use_case
def request_file(*, file_id: int, actor: Actor, now: datetime) -> GrantFile:
    """Ask for what was checked: it is booked soon, or waits for somebody else.

    That is needed above what one person may give by files within a day, and for a file that was asked for before.
    Raises FileNotReady.
    """
    lock_giver(actor=actor)
    file = _lock(file_id, Status.CHECKED)
    file.requested_by, file.requested_at = str(actor)[:80], now
    file.status = Status.RUNNING if _needs_nobody_else(file, now) else Status.WAITING
    file.save(update_fields=["requested_by", "requested_at", "status"])
    return file


def asked_before(file: GrantFile) -> QuerySet[GrantFile]:
    """Files of the very same content that have given points, or are about to."""
    given = GrantFile.objects.filter(digest=file.digest, requested_at__isnull=False).exclude(pk=file.pk)
    return given.exclude(status__in=[Status.DECLINED, Status.UNDOING, Status.UNDONE])


def _needs_nobody_else(file: GrantFile, now: datetime) -> bool:
    alone = GrantFile.objects.filter(requested_by=file.requested_by, requested_at__gt=now - _DAY, decided_by="")
    before = alone.exclude(status=Status.WAITING).aggregate(points=Sum("points", default=0))["points"]
    return before + file.points <= FILE_APPROVAL_ABOVE.value() and not asked_before(file).exists()


@use_case
def decide_file(*, file_id: int, approve: bool, actor: Actor, now: datetime) -> GrantFile:
    """Raises FileNotReady, SecondPersonNeeded."""
    file = _lock(file_id, Status.WAITING)
    if file.requested_by == str(actor)[:80]:
        raise SecondPersonNeeded
    file.status = Status.RUNNING if approve else Status.DECLINED
    file.decided_by, file.decided_at = str(actor)[:80], now
    file.save(update_fields=["status", "decided_by", "decided_at"])
    return file


@use_case
def undo_file(*, file_id: int, actor: Actor, now: datetime) -> int:
    """Take back what the file gave, spent or not; returns how many rows that will be. Raises FileNotReady."""
    file = _lock(file_id, Status.DONE, Status.STOPPED)
    file.status, file.undone_by = Status.UNDOING, str(actor)[:80]
    file.save(update_fields=["status", "undone_by"])
    return file.lines.filter(status=LineStatus.BOOKED).count()


@use_case
def stop_file(*, pk: int, actor: Actor, now: datetime) -> None:
    """No further row is booked; those that are stay so. Raises CannotBeStopped."""
    if not GrantFile.objects.filter(pk=pk, status=Status.RUNNING).update(status=Status.STOPPED):
        raise CannotBeStopped


@use_case
def resume_file(*, pk: int, actor: Actor, now: datetime) -> None:
    """Book the rows that are left. Raises CannotBeRetried."""
    if not GrantFile.objects.filter(pk=pk, status=Status.STOPPED).update(status=Status.RUNNING):
        raise CannotBeRetried


def work_files(*, now: datetime, batch_size: int = BATCH) -> int:
    """Book and take back what waits, in batches that commit on their own; returns how many rows."""
    done = 0
    for file_id in GrantFile.objects.filter(status__in=[Status.RUNNING, Status.UNDOING]).values_list("pk", flat=True):
        while count := work_batch(file_id=file_id, now=now, batch_size=batch_size):
            done += count
    return done


@use_case
def work_batch(*, file_id: int, now: datetime, batch_size: int = BATCH) -> int:
    """The next rows of a file; none when it is finished. Each row is booked under a reference of its own."""
    file = GrantFile.objects.select_for_update(no_key=True).get(pk=file_id)
    if file.status not in (Status.RUNNING, Status.UNDOING):
        return 0
    gives = file.status == Status.RUNNING
    waiting = file.lines.filter(status=LineStatus.WAITING if gives else LineStatus.BOOKED)
    lines = list(waiting.select_related("member").order_by("member_id", "pk")[:batch_size])
    lock_accounts(member_ids=[line.member_id for line in lines])
    for line in lines:
        (_give if gives else _take)(line, now)
    GrantLine.objects.bulk_update(lines, ["status", "error"])
    if not lines:
        file.status, file.finished_at = (Status.DONE if gives else Status.UNDONE), now
        file.save(update_fields=["status", "finished_at"])
    return len(lines)


def _give(line: GrantLine, now: datetime) -> None:
    if line.member.status != line.member.Status.ACTIVE:
        line.status, line.error = LineStatus.FAILED, "not_active"
        return
    grant(
        reference=line.reference,
        member_id=line.member_id,
        points=line.points,
        source=FILE,
        now=now,
        matures_at=now,
        policy_id=line.policy_id,
        note=line.reason,
    )
    line.status = LineStatus.BOOKED


def _take(line: GrantLine, now: datetime) -> None:
    claw_back(of=line.reference, reference=f"{line.reference}:undo", points=line.points, now=now)
    line.status = LineStatus.UNDONE


def _lock(file_id: int, *status: str) -> GrantFile:
    file = GrantFile.objects.select_for_update(no_key=True).get(pk=file_id)
    if file.status not in status:
        raise FileNotReady
    return file
