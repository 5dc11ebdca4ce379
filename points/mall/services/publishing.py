"""A reward goes live, and is paused to be changed."""

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from points.mall.errors import RewardIncomplete
from points.mall.models import Reward
from shop.core.transactions import use_case


@use_case
def publish_reward(*, reward_id: int, now: datetime) -> Reward:
    """Members see it from now on, in its window. Live already, it stays so. Raises RewardIncomplete."""
    reward = _locked(reward_id)
    if reward.status == Reward.Status.LIVE:
        return reward
    found = [*reward.lacks()]
    for path in settings.REWARD_CHECKS:
        found += import_string(path)(reward)
    if found:
        raise RewardIncomplete(reasons=" ".join(str(each) for each in found))
    reward.status, reward.live_since = Reward.Status.LIVE, reward.live_since or now
    reward.save(update_fields=["status", "live_since"])
    return reward


@use_case
def pause_reward(*, reward_id: int) -> Reward:
    """Nobody redeems it any more; what was redeemed stays. Paused already, it stays so."""
    reward = _locked(reward_id)
    if reward.status != Reward.Status.LIVE:
        return reward
    reward.status = Reward.Status.PAUSED
    reward.save(update_fields=["status"])
    return reward


def _locked(reward_id: int) -> Reward:
    rows = Reward.objects.filter(pk=reward_id).select_related("sku__product")
    return rows.select_for_update(no_key=True, of=("self",)).get()
