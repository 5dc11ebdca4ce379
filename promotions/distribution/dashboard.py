"""Distribution on the admin's home: what waits for a person."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from promotions.distribution.models import Distributor, Sale, Standing, Withdrawal, WithdrawalStatus
from shop.core.dashboard import Figure, FiguresPanel


def waiting_panel(request: HttpRequest) -> FiguresPanel | None:
    """Nothing while nothing waits; each sees what they may look at."""
    applied, held = Standing.APPLIED, Sale.Review.HELD
    asked, approved = WithdrawalStatus.REQUESTED, WithdrawalStatus.APPROVED
    refused = Withdrawal.objects.filter(status=approved).exclude(gateway_note="")
    waiting = (
        (_("Applications"), Distributor.objects.filter(standing=applied), f"standing__exact={applied}"),
        (_("Held orders"), Sale.objects.filter(review=held), f"review__exact={held}"),
        (_("Withdrawals to review"), Withdrawal.objects.filter(status=asked), f"status__exact={asked}"),
        (_("Not taken by WeChat"), refused, f"status__exact={approved}"),
    )
    figures = [_figure(*each) for each in waiting if _may_see(request, each[1]) and each[1].exists()]
    return FiguresPanel(title=_("Distribution"), figures=figures) if figures else None


def _may_see(request: HttpRequest, rows: QuerySet[Any]) -> bool:
    return request.user.has_perm(f"distribution.view_{rows.model._meta.model_name}")


def _figure(label: str, rows: QuerySet[Any], where: str) -> Figure:
    listing = reverse(f"admin:distribution_{rows.model._meta.model_name}_changelist")
    return Figure(label, f"{rows.count():,}", link=f"{listing}?{where}")
