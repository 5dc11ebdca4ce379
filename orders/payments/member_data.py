"""What this room keeps about a member; see `members.identity.rooms`. When accounts merge, payments go with orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.payments.models import Payment, Refund, RefundStatus
from shop.core.errors import Detail


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Who paid is nobody's business any more; that it was paid is kept."""
    payments = Payment.objects.filter(order__member_id=member_id).exclude(payer_openid="")
    return {"payers": payments.update(payer_openid="")}


def export(*, member_id: int) -> Mapping[str, Any]:
    payments = Payment.objects.filter(order__member_id=member_id).order_by("pk")
    refunds = Refund.objects.filter(payment__order__member_id=member_id).order_by("pk")
    return {
        "payments": list(
            payments.values(
                "number",
                "order__number",
                "method",
                "status",
                "amount_fen",
                "payer_openid",
                "created_at",
                "succeeded_at",
            )
        ),
        "refunds": list(
            refunds.values("number", "payment__number", "status", "amount_fen", "created_at", "succeeded_at")
        ),
    }


def open_refunds(*, member_id: int) -> Detail | None:
    refunds = Refund.objects.filter(payment__order__member_id=member_id)
    if refunds.exclude(status=RefundStatus.SUCCEEDED).exists():
        return Detail("", "open_refunds", _("Money is still on its way back to you."))
    return None
