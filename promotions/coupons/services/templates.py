"""What may change of a template that members already claim: how many of its coupons there are."""

from datetime import datetime

from promotions.coupons.errors import TotalBelowClaimed, TotalBelowCodes
from promotions.coupons.models import CouponTemplate
from promotions.coupons.queries import promised_by_codes
from shop.core.transactions import use_case


@use_case
def change_total(*, template_id: int, total_limit: int | None, now: datetime) -> CouponTemplate:
    """More or fewer in all, None for any number, while claims go on. Raises TotalBelowClaimed, TotalBelowCodes."""
    template = CouponTemplate.objects.select_for_update(no_key=True).get(pk=template_id)
    if total_limit is not None:
        if total_limit < template.claimed_count:
            raise TotalBelowClaimed
        promised = promised_by_codes(template.pk, now=now)
        if total_limit < template.claimed_count + promised:
            raise TotalBelowCodes(codes=promised, claimed=template.claimed_count)
    template.total_limit = total_limit
    template.save(update_fields=["total_limit"])
    return template
