"""Refunds that no gateway has brought to the payer: people have to."""

from django.utils.translation import gettext_lazy as _

from orders.payments.models import Refund
from orders.payments.queries import stuck_refunds
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="payments.refund",
        label=_("Refunds to look after"),
        permission="payments.change_refund",
        waiting=lambda now: [stuck_refunds(Refund.objects.all())],
        since="created_at",
        page="payments_refund_changelist",
        where="todo=people",
        icon="currency_exchange",
        is_urgent=True,
    ),
)
