"""After-sales on the admin's home: what waits for the shop, and for how long."""

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.after_sales.models import WAITS_FOR_SHOP, AfterSale, Status
from shop.core import clock
from shop.core.dashboard import Figure, FiguresPanel


def waiting_panel(request: HttpRequest) -> FiguresPanel | None:
    """Nothing while no after-sale waits."""
    if not request.user.has_perm("after_sales.view_aftersale"):
        return None
    counts = AfterSale.objects.filter(ended_at=None).aggregate(
        to_answer=Count("pk", filter=Q(status=Status.REQUESTED)),
        to_decide=Count("pk", filter=Q(status__in=WAITS_FOR_SHOP) & ~Q(status=Status.REQUESTED)),
        refunding=Count("pk", filter=Q(status=Status.REFUNDING)),
        overdue=Count("pk", filter=Q(due_at__lte=clock.now())),
    )
    if not any(counts.values()):
        return None
    link = reverse("admin:after_sales_aftersale_changelist")
    return FiguresPanel(
        title=_("After-sales"),
        figures=[
            Figure(_("To answer"), str(counts["to_answer"]), link=f"{link}?status__exact=requested"),
            Figure(_("To decide"), str(counts["to_decide"]), link=f"{link}?stage=ours"),
            Figure(_("Refunding"), str(counts["refunding"]), link=f"{link}?stage=refunding"),
            Figure(_("Overdue"), str(counts["overdue"]), link=f"{link}?stage=overdue"),
        ],
    )
