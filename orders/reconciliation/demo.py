"""The demo shop's last weeks reconciled with its gateway; one bill has a line too many, for finance to look into."""

from datetime import datetime, timedelta

from django.conf import settings

from orders.payments.models import Payment, PaymentMethod, PaymentStatus
from orders.reconciliation.models import Difference, Reconciliation
from orders.reconciliation.services import reconcile
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.outbound import http_client

ACTOR = Actor.system("demo")
DAYS = 35


def load(*, size: str, now: datetime) -> str:
    if not Reconciliation.objects.exists():
        _reconcile(now)
    return f"{Reconciliation.objects.count()} days reconciled, {Difference.objects.count()} differences"


def _reconcile(now: datetime) -> None:
    today = business_day(now)
    paid = Payment.objects.filter(
        method=PaymentMethod.WECHAT, status=PaymentStatus.SUCCEEDED, succeeded_at__isnull=False
    )
    traded = {business_day(at) for at in paid.values_list("succeeded_at", flat=True) if at is not None} - {today}
    if not traded:
        return
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    for day in days:
        if day == max(traded):
            fault = {"target": "bill", "kind": "extra", "times": 1}
            http_client().post(f"{settings.SANDBOX_URL}/faults", json=fault).raise_for_status()
        reconcile(method=PaymentMethod.WECHAT, day=day, actor=ACTOR, now=now)
