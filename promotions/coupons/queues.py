"""Hand-outs of coupons that wait for somebody else's approval."""

from django.utils.translation import gettext_lazy as _

from promotions.coupons.models import HandOut
from promotions.coupons.models.hand_outs import HandOutStatus
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="coupons.hand_out",
        label=_("Hand-outs of coupons to approve"),
        permission="coupons.change_handout",
        waiting=lambda now: [HandOut.objects.filter(status=HandOutStatus.AWAITING_APPROVAL)],
        since="created_at",
        page="coupons_handout_changelist",
        where="status__exact=awaiting",
        icon="redeem",
    ),
)
