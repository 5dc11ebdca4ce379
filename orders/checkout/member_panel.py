"""What a member's page in the admin shows of their orders."""

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from orders.checkout.models import Order
from shop.core.money import yuan


def orders_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("checkout.view_order"):
        return None
    orders = Order.objects.filter(member=member)
    totals = orders.aggregate(count=Count("pk"), paid_fen=Sum("paid_fen", default=0))
    rows = [
        [_link(order), order.get_status_display(), yuan(order.payable_fen), when(order.placed_at)]
        for order in orders.order_by("-pk")[:SHOWN]
    ]
    return MemberPanel(
        _("Orders"),
        [_("order number"), _("status"), _("payable"), _("placed at")],
        rows,
        summary=_("{count} orders, {paid} paid").format(count=totals["count"], paid=yuan(totals["paid_fen"])),
    )


def _link(order: Order) -> str:
    page = reverse("admin:checkout_order_change", args=[order.pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', page, order.number)
