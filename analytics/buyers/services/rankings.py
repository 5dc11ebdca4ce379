"""What sells, by day, and what campaigns bring."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from analytics.buyers.models import CampaignReturn
from analytics.buyers.preferences import MARGIN_BP
from analytics.buyers.purchases import PURCHASES
from promotions.campaigns.models import CampaignStatus
from promotions.campaigns.results import result_of
from shop.core.clock import day_bounds
from shop.core.transactions import use_case

WHOLE_BP = 10_000
BATCH = 200
_COUNT = f"""
INSERT INTO buyers_productday (day, product_id, units, net_fen)
SELECT (paid_at AT TIME ZONE 'Asia/Shanghai')::date, line.product_id, sum(line.quantity - line.units_returned),
    sum(line.payable_fen * (line.quantity - line.units_returned) / line.quantity)
FROM ({PURCHASES}) AS purchase JOIN checkout_orderline line USING (order_id)
WHERE paid_at < %s AND NOT line.is_gift
GROUP BY 1, 2 HAVING sum(line.quantity - line.units_returned) > 0
"""


@use_case
def count_products(*, day: date) -> int:
    """Up to the end of `day`; returns how many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE buyers_productday IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM buyers_productday")
        cursor.execute(_COUNT, [day_bounds(day)[1]])
        return cursor.rowcount


def return_bp(*, net_fen: int, cost_fen: int, margin_bp: int) -> int | None:
    """(net paid × margin − cost) / cost, rounded down; None where it has cost nothing."""
    return (net_fen * margin_bp - cost_fen * WHOLE_BP) // cost_fen if cost_fen else None


def work_out_returns(*, now: datetime) -> int:
    """Of every campaign that was ever published; each mechanism counts what it has brought. Returns how many."""
    count = 0
    for path in settings.CAMPAIGN_MODELS:
        model: Any = import_string(path)
        published = model.objects.exclude(status__in=[CampaignStatus.DRAFT, CampaignStatus.AWAITING_APPROVAL])
        for campaign in published.order_by("pk").iterator(chunk_size=BATCH):
            count += _keep(campaign, now)
    return count


def _keep(campaign: Any, now: datetime) -> bool:
    found = result_of(campaign)
    if found is None:
        return False
    share = return_bp(net_fen=found.revenue_fen, cost_fen=found.cost_fen, margin_bp=MARGIN_BP.value())
    values = {
        "name": campaign.name,
        "starts_at": campaign.starts_at,
        "participants": found.participants,
        "orders": found.orders,
        "new_members": found.new_members,
        "net_fen": found.revenue_fen,
        "cost_fen": found.cost_fen,
        "return_bp": share,
        "computed_at": now,
    }
    CampaignReturn.objects.update_or_create(kind=campaign.KIND, campaign_id=campaign.pk, defaults=values)
    return True
