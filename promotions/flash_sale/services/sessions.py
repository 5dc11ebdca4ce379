"""Sessions that come again on the following days."""

from datetime import timedelta

from promotions.campaigns.errors import CampaignNotEditable
from promotions.campaigns.locks import lock_campaign
from promotions.flash_sale.models import FlashSale
from shop.core.clock import business_day
from shop.core.transactions import use_case

MOST_DAYS = 30


@use_case
def repeat_last_day(*, sale_id: int, days: int) -> int:
    """Copy the sessions of the draft's last day, with their goods, to each of the `days` after it; the sale's end
    follows. Returns how many sessions were made. Raises CampaignNotEditable.
    """
    sale = lock_campaign(FlashSale, sale_id)
    if not sale.is_draft:
        raise CampaignNotEditable
    sessions = list(sale.sessions.all())
    last_day = max((business_day(each.starts_at) for each in sessions), default=None)
    repeated = [each for each in sessions if business_day(each.starts_at) == last_day]
    for later in range(1, days + 1):
        for session in repeated:
            session.copy_to(sale, by=timedelta(days=later))
    if repeated and sale.ends_at is not None:
        sale.ends_at = max(sale.ends_at, max(each.ends_at for each in repeated) + timedelta(days=days))
        sale.save(update_fields=["ends_at"])
    return len(repeated) * days
