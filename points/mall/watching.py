"""What the shop is warned of: rewards that run out, and codes that expire before anybody has them."""

from datetime import datetime, timedelta

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_noop

from points.mall.models import RewardCode
from points.mall.preferences import EXPIRING_CODES_DAYS
from points.mall.queries import low_rewards
from shop.core.alerts import clear_alerts, raise_alert

LOW, EXPIRING = "points_mall:low:", "points_mall:expiring:"
PERMISSION = "mall.view_reward"


def refresh_alerts(*, now: datetime) -> int:
    """Bring the warnings in line with what is so now; returns how many rewards run out."""
    low = list(low_rewards())
    for reward in low:
        raise_alert(
            cause=f"{LOW}{reward.pk}",
            message=gettext_noop("Points mall: {left} of “{reward}” are left"),
            data={"left": reward.there, "reward": reward.name},
            link=reverse("admin:mall_reward_change", args=[reward.pk]),
            permission=PERMISSION,
            now=now,
        )
    clear_alerts(prefix=LOW, keep={f"{LOW}{reward.pk}" for reward in low})
    _warn_of_expiring(now)
    return len(low)


def _warn_of_expiring(now: datetime) -> None:
    before = now + timedelta(days=EXPIRING_CODES_DAYS.value())
    free = RewardCode.objects.filter(redemption=None, retired_at=None, expires_at__gt=now, expires_at__lte=before)
    found = list(free.order_by("reward").values_list("reward", "reward__name").annotate(n=Count("pk")))
    for reward_id, name, count in found:
        raise_alert(
            cause=f"{EXPIRING}{reward_id}",
            message=gettext_noop("Points mall: {count} codes of “{reward}” expire within {days} days"),
            data={"count": count, "reward": name, "days": EXPIRING_CODES_DAYS.value()},
            link=reverse("admin:mall_reward_change", args=[reward_id]),
            permission=PERMISSION,
            now=now,
        )
    clear_alerts(prefix=EXPIRING, keep={f"{EXPIRING}{reward_id}" for reward_id, _name, _count in found})
