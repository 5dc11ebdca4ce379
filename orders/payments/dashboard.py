"""Money on the home of finance: what came in and went back, today and this month."""

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.payments.models import Payment, PaymentMethod, Refund, RefundStatus
from shop.core import clock
from shop.core.clock import business_day, day_bounds
from shop.core.dashboard import Figure, FiguresPanel
from shop.core.money import yuan

# Nothing came in by these.
NO_MONEY = (PaymentMethod.BALANCE_FREE, PaymentMethod.ELSEWHERE)


def money_panel(request: HttpRequest) -> FiguresPanel | None:
    """For those who look after refunds; what imported orders were paid elsewhere is not counted."""
    if not request.user.has_perm("payments.change_refund"):
        return None
    today = business_day(clock.now())
    (start, end), (month, _end) = day_bounds(today), day_bounds(today.replace(day=1))
    paid = Payment.objects.exclude(method__in=NO_MONEY)
    came = paid.filter(succeeded_at__gte=start, succeeded_at__lt=end).aggregate(
        fen=Sum("amount_fen", default=0), count=Count("pk")
    )
    this_month = paid.filter(succeeded_at__gte=month, succeeded_at__lt=end).aggregate(fen=Sum("amount_fen", default=0))
    refunds = Refund.objects.exclude(payment__method__in=NO_MONEY)
    went = refunds.filter(succeeded_at__gte=start, succeeded_at__lt=end).aggregate(
        fen=Sum("amount_fen", default=0), count=Count("pk")
    )
    going = refunds.exclude(status=RefundStatus.SUCCEEDED).aggregate(
        fen=Sum("amount_fen", default=0), count=Count("pk")
    )
    payments, listed = reverse("admin:payments_payment_changelist"), reverse("admin:payments_refund_changelist")
    return FiguresPanel(
        title=_("Money today"),
        figures=[
            Figure(
                _("Came in"), yuan(came["fen"]), note=_("{count} payments").format(count=came["count"]), link=payments
            ),
            Figure(
                _("Paid back"), yuan(went["fen"]), note=_("{count} refunds").format(count=went["count"]), link=listed
            ),
            Figure(
                _("Refunds under way"),
                yuan(going["fen"]),
                note=_("{count} refunds").format(count=going["count"]),
                link=f"{listed}?status__in=requested,processing,abnormal",
            ),
            Figure(_("Came in this month"), yuan(this_month["fen"]), link=payments),
        ],
    )
