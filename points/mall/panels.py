"""What a member's page in the admin shows of what they redeemed."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from points.mall.models import Redemption, Voucher, VoucherStatus


def redemptions_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("mall.view_redemption"):
        return None
    found = Redemption.objects.filter(member=member).select_related("reward").order_by("-pk")[:SHOWN]
    rows = [
        [
            _link(row),
            row.reward.name,
            f"{row.units:,}",
            f"{row.points:,}",
            row.get_status_display(),
            when(row.redeemed_at),
        ]
        for row in found
    ]
    ready = Voucher.objects.filter(member=member, status=VoucherStatus.READY).count()
    return MemberPanel(
        _("Redemptions"),
        [_("order"), _("reward"), _("units"), _("points"), _("status"), _("redeemed at")],
        rows,
        summary=_("{count} vouchers can be used").format(count=ready),
    )


def _link(row: Redemption) -> str:
    address = reverse("admin:mall_redemption_change", args=[row.pk])
    return format_html('<a class="text-primary-600" href="{}">{}</a>', address, row.order_number)
