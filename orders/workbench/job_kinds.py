"""Works and exports of the order desk, as the job centre shows them."""

from django.db.models import Max, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.checkout.models import Order
from orders.workbench.facts import ExportGoesOn, WorkGoesOn
from orders.workbench.models import BulkWork, OrderExport, WorkStatus
from orders.workbench.services.exporting import stop_export, try_again
from orders.workbench.services.working import start_work, stop_work
from orders.workbench.tracking_files import failure_rows
from shop.core.job_centre import JobKind, Progress, State

WORK_STATES = {
    WorkStatus.CHECKED: State.ASKS,
    WorkStatus.RUNNING: State.RUNNING,
    WorkStatus.STOPPED: State.STOPPED,
    WorkStatus.DONE: State.DONE,
}
EXPORT_STATES = {
    OrderExport.Status.RUNNING: State.RUNNING,
    OrderExport.Status.DONE: State.DONE,
    OrderExport.Status.TOO_LONG: State.FAILED,
    OrderExport.Status.FAILED: State.FAILED,
    OrderExport.Status.DELETED: State.STOPPED,
}


def _of_work(work: BulkWork) -> Progress:
    left = work.total - work.done - work.failed
    said = _("{done} of {total} done, {refused} refused").format(done=work.done, total=work.total, refused=work.failed)
    means = _("Stop with {left} of {total} left? What was done stays done.").format(left=left, total=work.total)
    return Progress(
        WORK_STATES[WorkStatus(work.status)],
        done=work.done,
        refused=work.failed,
        total=work.total,
        said=said,
        means=means if work.status == WorkStatus.RUNNING else "",
        can_retry=work.status == WorkStatus.STOPPED,
    )


def _of_export(export: OrderExport) -> Progress:
    """How far it is follows from the numbers of the orders, newest first."""
    is_running, done = export.status == OrderExport.Status.RUNNING, 0
    if is_running and export.below is not None:
        ends = Order.objects.aggregate(first=Min("pk"), last=Max("pk"))
        span = (ends["last"] or 0) - (ends["first"] or 0) + 1
        done = 100 * max(0, (ends["last"] or 0) + 1 - export.below) // max(span, 1)
    ready = export.status == OrderExport.Status.DONE
    rows = f"{export.rows:,}"
    said = _("{count} rows").format(count=rows)
    means = _("Stop writing after {count} rows? A file that is not whole is deleted.").format(count=rows)
    return Progress(
        EXPORT_STATES[OrderExport.Status(export.status)],
        done=done,
        total=100,
        said=f"{export.get_status_display()} · {said}",
        result=reverse("admin:workbench_orderexport_download", args=[export.pk]) if ready else "",
        means=means if is_running else "",
        can_retry=export.status == OrderExport.Status.FAILED,
    )


KINDS = [
    JobKind(
        name="bulk-work",
        title=gettext_lazy("Bulk work"),
        model=BulkWork,
        asked_at="asked_at",
        asked_by="asked_by",
        progress=_of_work,
        acts_with=["workbench.view_bulkwork", "shipments.change_shipment"],
        stop=lambda *, pk, actor, now: stop_work(work_id=pk, actor=actor),
        retry=lambda *, pk, actor, now: start_work(work_id=pk, actor=actor, now=now),
        refusals=failure_rows,
        goes_on=(WorkGoesOn, "work_id"),
    ),
    JobKind(
        name="order-export",
        title=gettext_lazy("Export orders"),
        model=OrderExport,
        asked_at="asked_at",
        asked_by="owner",
        progress=_of_export,
        acts_with=["workbench.add_orderexport", "checkout.view_order"],
        stop=stop_export,
        retry=lambda *, pk, actor, now: try_again(export_id=pk, now=now),
        goes_on=(ExportGoesOn, "export_id"),
        related=["owner"],
    ),
]
