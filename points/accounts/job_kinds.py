"""Gifts of points by file, as the job centre shows them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from points.accounts.grant_files import COLUMNS
from points.accounts.models import GrantFile, GrantLine
from points.accounts.services import resume_file, stop_file
from shop.core.formulas import harmless
from shop.core.job_centre import JobKind, Progress, State

Status, LineStatus = GrantFile.Status, GrantLine.Status
STATES = {
    Status.REFUSED: State.FAILED,
    Status.CHECKED: State.ASKS,
    Status.WAITING: State.ASKS,
    Status.RUNNING: State.RUNNING,
    Status.STOPPED: State.STOPPED,
    Status.DONE: State.DONE,
    Status.DECLINED: State.STOPPED,
    Status.UNDOING: State.RUNNING,
    Status.UNDONE: State.STOPPED,
}


def _counted(pks: Sequence[int]) -> dict[int, Counter[str]]:
    """How many rows of each file stand where."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    rows = GrantLine.objects.filter(file__in=pks).values_list("file", "status")
    for file_id, status, count in rows.annotate(count=Count("pk")):
        found[file_id][status] = count
    return found


def _of_file(file: GrantFile, counts: Counter[str] | None) -> Progress:
    counts = counts or Counter()
    done = counts[LineStatus.UNDONE] if file.status == Status.UNDOING else counts[LineStatus.BOOKED]
    refused = len(file.problems) if file.status == Status.REFUSED else counts[LineStatus.FAILED]
    said = _("{done} of {total} rows, {refused} refused")
    total = file.lines_in_file
    means = _("Stop with {left} of {total} rows left? Points that were booked stay booked.")
    return Progress(
        STATES[Status(file.status)],
        done=done,
        refused=refused,
        total=None if file.status == Status.REFUSED else total,
        said=f"{file.get_status_display()} · {said.format(done=done, total=total, refused=refused)}",
        result=reverse("admin:accounts_grantfile_download_result", args=[file.pk]) if done else "",
        means=means.format(left=total - done - refused, total=total) if file.status == Status.RUNNING else "",
        can_retry=file.status == Status.STOPPED,
    )


def _refusals(file: GrantFile) -> Iterator[list[str]]:
    yield [_("row"), _("column"), _("reason")]
    headings = {name: heading for heading, name in COLUMNS.items()}
    for each in file.problems:
        yield [str(each["row"]), headings.get(each["column"], ""), harmless(each["message"])]
    for line in file.lines.filter(status=LineStatus.FAILED).order_by("number").iterator(chunk_size=500):
        yield [str(line.number), "", harmless(line.error)]


KINDS = [
    JobKind(
        name="grant-file",
        title=gettext_lazy("Gift of points by file"),
        model=GrantFile,
        asked_at="uploaded_at",
        asked_by="uploaded_by",
        progress=_of_file,
        acts_with=["accounts.change_grantfile"],
        stop=stop_file,
        retry=resume_file,
        refusals=_refusals,
        counted=_counted,
    )
]
