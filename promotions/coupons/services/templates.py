"""What may change of a template that members already claim: how many of its coupons there are."""

from promotions.coupons.errors import TotalBelowClaimed
from promotions.coupons.models import CouponTemplate
from shop.core.transactions import use_case


@use_case
def change_total(*, template_id: int, total_limit: int | None) -> CouponTemplate:
    """More or fewer in all, None for any number, while claims go on. Raises TotalBelowClaimed."""
    template = CouponTemplate.objects.filter(pk=template_id)
    if total_limit is not None:
        template = template.filter(claimed_count__lte=total_limit)
    if not template.update(total_limit=total_limit):
        raise TotalBelowClaimed
    return CouponTemplate.objects.get(pk=template_id)
