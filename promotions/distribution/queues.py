"""Distribution that waits for a person: who wants to sell, suspicious orders, money to pay out."""

from django.utils.translation import gettext_lazy as _

from promotions.distribution.models import Distributor, Sale, Standing, Withdrawal, WithdrawalStatus
from shop.core.queues import Queue

PAYING, REVIEW = "distribution_withdrawal_changelist", "distribution.review_withdrawal"

QUEUES = (
    Queue(
        name="distribution.withdrawal",
        label=_("Withdrawals to review"),
        permission=REVIEW,
        waiting=lambda now: [Withdrawal.objects.filter(status=WithdrawalStatus.REQUESTED)],
        since="requested_at",
        page=PAYING,
        where="status__exact=requested",
        icon="account_balance",
    ),
    Queue(
        name="distribution.not_taken",
        label=_("Withdrawals that WeChat did not take"),
        permission=REVIEW,
        waiting=lambda now: [Withdrawal.objects.filter(status=WithdrawalStatus.APPROVED, gateway_note__gt="")],
        since="requested_at",
        page=PAYING,
        where="status__exact=approved&gateway_note__gt=",
        icon="money_off",
        is_urgent=True,
    ),
    Queue(
        name="distribution.application",
        label=_("Applications of distributors"),
        permission="distribution.change_distributor",
        waiting=lambda now: [Distributor.objects.filter(standing=Standing.APPLIED)],
        since="applied_at",
        page="distribution_distributor_changelist",
        where="standing__exact=applied",
        icon="storefront",
    ),
    Queue(
        name="distribution.held",
        label=_("Held orders of distributors"),
        permission="distribution.change_sale",
        waiting=lambda now: [Sale.objects.filter(review=Sale.Review.HELD)],
        since="sold_at",
        page="distribution_sale_changelist",
        where="review__exact=held",
        icon="policy_alert",
    ),
)
