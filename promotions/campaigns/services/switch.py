"""The switch of all promotions at once: off, everything sells at its list or member price from the next quote on.

Nothing of them is shown then and nothing begins: no order at a promotion's price, whether it opens a team or joins one,
no start or cut of a bargain, no draw, no answer to a quiz. What was begun goes on, because members have been promised
it: unpaid orders may be paid, balances of presales too, teams succeed or fail by their time, prizes are fetched, and
coupons and chances that come by themselves still come; coupons are used again when it is switched on.
"""

from datetime import datetime

from promotions.campaigns import version
from promotions.campaigns.models import CampaignEvent, PromotionVersion
from shop.catalog.cache import touch_listing
from shop.core.actors import Actor
from shop.core.transactions import use_case

ALL = "all"


def promotions_are_on() -> bool:
    return version.current() != version.OFF


@use_case
def switch_promotions(*, on: bool, actor: Actor, now: datetime) -> None:
    """Coupons stay their members' and campaigns keep their status; both act again when it is switched on."""
    version.bump()
    changed = PromotionVersion.objects.filter(pk=1).exclude(is_on=on).update(is_on=on)
    if changed:
        touch_listing()
        CampaignEvent.objects.create(
            kind=ALL,
            campaign_id=0,
            action=CampaignEvent.Action.RESUMED if on else CampaignEvent.Action.PAUSED,
            actor=str(actor)[:80],
            happened_at=now,
        )
