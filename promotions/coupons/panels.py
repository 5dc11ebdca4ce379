"""What a member's page in the admin shows of their coupons."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from promotions.coupons.models import Coupon
from promotions.coupons.queries import mine, status_label, usable
from shop.core import clock


def coupons_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("coupons.view_coupon"):
        return None
    now = clock.now()
    rows = [
        [
            _link(each),
            status_label(each),
            each.get_way_display(),
            when(each.claimed_at),
            when(each.valid_until),
            each.order_number or each.store_code or "–",
        ]
        for each in mine(member_id=member.pk, status=None, now=now).order_by("-pk")[:SHOWN]
    ]
    return MemberPanel(
        _("Coupons"),
        [_("coupon"), _("status"), _("came by"), _("claimed at"), _("valid until"), _("used")],
        rows,
        summary=_("{count} can be used").format(count=usable(member_id=member.pk, now=now).count()),
    )


def _link(coupon: Coupon) -> str:
    address = reverse("admin:coupons_coupon_change", args=[coupon.pk])
    return format_html('<a class="text-primary-600" href="{}">{}</a>', address, coupon.template.name)
