"""What may change of a template that members already claim: how many of its coupons there are."""

from datetime import datetime

from promotions.campaigns.services.lifecycle import needs_approval, signature
from promotions.coupons.errors import TotalBelowClaimed, TotalBelowCodes, TotalNeedsSecondPerson
from promotions.coupons.models import CouponTemplate
from promotions.coupons.queries import promised_by_codes
from shop.core.actors import Actor
from shop.core.transactions import use_case


@use_case
def change_total(*, template_id: int, total_limit: int | None, actor: Actor, now: datetime) -> CouponTemplate:
    """More or fewer in all, None for any number, while claims go on.

    More than one person may give is for a second person to say, as when it was published. Raises TotalBelowClaimed,
    TotalBelowCodes, TotalNeedsSecondPerson.
    """
    template = CouponTemplate.objects.select_for_update(no_key=True).get(pk=template_id)
    if total_limit is not None:
        if total_limit < template.claimed_count:
            raise TotalBelowClaimed
        promised = promised_by_codes(template.pk, now=now)
        if total_limit < template.claimed_count + promised:
            raise TotalBelowCodes(codes=promised, claimed=template.claimed_count)
    before, template.total_limit = template.total_limit, total_limit
    rises = before is not None and (total_limit is None or total_limit > before)
    if rises and not template.is_draft and needs_approval(template):
        if signature(actor) in (template.created_by, template.published_by):
            raise TotalNeedsSecondPerson
        template.approved_by = signature(actor)
    template.save(update_fields=["total_limit", "approved_by"])
    return template
