"""The last days' reconciliations on the home page of finance."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from orders.reconciliation.admin.lights import link, shown_light
from orders.reconciliation.models import Reconciliation
from orders.reconciliation.queries import Light, with_open_differences
from shop.core.dashboard import ListPanel
from shop.core.money import yuan

SHOWN = 6
COLOURS = {Light.WAITING: "#d97706", Light.DIFFERS: "#dc2626", Light.BALANCED: "#16a34a"}


def reconciliation_panel(request: HttpRequest) -> ListPanel | None:
    """The latest days with their lights; nothing before the first bill."""
    if not request.user.has_perm("reconciliation.view_reconciliation"):
        return None
    days = list(with_open_differences(Reconciliation.objects.order_by("-day", "method"))[:SHOWN])
    if not days:
        return None
    return ListPanel(
        title=_("Reconciliation"),
        headers=[_("bill date"), _("gateway"), _("result"), _("open differences"), _("left on the bill")],
        rows=[_row(day) for day in days],
        link=reverse("admin:reconciliation_reconciliation_changelist"),
    )


def _row(day: Reconciliation) -> list[str]:
    opened: int = day.open_differences  # type: ignore[attr-defined]
    light, words = shown_light(day, opened)
    dot = format_html('<span style="color: {}">●</span> {}', COLOURS[light], words)
    return [
        link("reconciliation_reconciliation", day.pk, day.day.isoformat()),
        day.get_method_display(),
        dot,
        str(opened or "–"),
        yuan(day.bill_paid_fen - day.bill_refunded_fen),
    ]
