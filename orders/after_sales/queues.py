"""After-sales that wait for somebody: an answer, a decision, a second approval, goods to be unpacked."""

from django.utils.translation import gettext_lazy as _

from orders.after_sales.models import AfterSale, Status
from shop.core.queues import Queue

PAGE = "after_sales_aftersale_changelist"
CHANGE, RECEIVE = "after_sales.change_aftersale", "after_sales.receive_aftersale"

QUEUES = (
    Queue(
        name="after_sales.overdue",
        label=_("After-sales overdue"),
        permission=CHANGE,
        waiting=lambda now: [AfterSale.objects.filter(due_at__lte=now)],
        since="due_at",
        page=PAGE,
        where="stage=overdue",
        icon="alarm",
        is_urgent=True,
    ),
    Queue(
        name="after_sales.answer",
        label=_("After-sales to answer"),
        permission=CHANGE,
        waiting=lambda now: [AfterSale.objects.filter(status=Status.REQUESTED)],
        since="asked_at",
        page=PAGE,
        where="status__exact=requested",
        icon="support_agent",
    ),
    Queue(
        name="after_sales.decide",
        label=_("After-sales to decide, goods are here"),
        permission=CHANGE,
        waiting=lambda now: [AfterSale.objects.filter(status__in=[Status.DISPUTED, Status.RECEIVED])],
        since="asked_at",
        page=PAGE,
        where="status__in=disputed,received",
        icon="gavel",
    ),
    Queue(
        name="after_sales.countersign",
        label=_("Refunds for a second approval"),
        permission="after_sales.countersign_aftersale",
        waiting=lambda now: [AfterSale.objects.filter(status=Status.SECOND_APPROVAL)],
        since="asked_at",
        page=PAGE,
        where="stage=second",
        icon="verified_user",
    ),
    Queue(
        name="after_sales.receive",
        label=_("Returned goods on their way here"),
        permission=RECEIVE,
        waiting=lambda now: [AfterSale.objects.filter(status=Status.UNDER_WAY)],
        since="asked_at",
        page=PAGE,
        where="status__exact=under_way",
        icon="assignment_return",
    ),
)
