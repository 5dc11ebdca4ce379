"""A file of tracking numbers becomes a work: checked when it comes, shipped when somebody has looked at it."""

import io
from datetime import datetime

from orders.workbench.models import BulkWork, WorkItem, WorkStatus
from orders.workbench.tracking_files import read_items
from shop.core.actors import Actor
from shop.core.transactions import use_case


@use_case
def check_tracking_file(*, content: bytes, filename: str, actor: Actor, now: datetime) -> BulkWork:
    """A dry run: which rows can be shipped, which correct a number, and why the others cannot. Raises
    ImportFileNotReadable.

    Nothing is shipped before `working.start_work`; correct rows go although others are wrong.
    """
    work = BulkWork.objects.create(
        kind=BulkWork.Kind.TRACKING,
        status=WorkStatus.CHECKED,
        filename=filename[:200],
        asked_by=str(actor)[:80],
        asked_at=now,
    )
    counts = dict.fromkeys(WorkItem.Status.values, 0)
    for items in read_items(io.BytesIO(content)):
        for item in items:
            item.work = work
            counts[item.status] += 1
        WorkItem.objects.bulk_create(items)
    work.total, work.done, work.failed = sum(counts.values()), counts["done"], counts["failed"]
    if not counts["waiting"]:
        work.status, work.finished_at = WorkStatus.DONE, now
    work.save(update_fields=["total", "done", "failed", "status", "finished_at"])
    return work
