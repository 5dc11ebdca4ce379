"""Reads of lotteries: what can be drawn, how a member stands, what was won and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from members.identity.models import Member
from members.invitations.targets import ShareTarget
from promotions.campaigns.audience import Buyer
from promotions.campaigns.models import PUBLISHED, CampaignStatus
from promotions.campaigns.queries import LIVE, admits_at, open_to, switched_on
from promotions.lottery.errors import LotteryNotFound
from promotions.lottery.models import ChanceAccount, Lottery, OddsVersion, Prize, Win
from promotions.lottery.preferences import WINNERS_SHOWN
from shop.core.clock import business_day
from shop.core.prepared import Prepared

# Written out, because every payment asks.
_FOR_ORDERS = Prepared(
    "lotteries_for_orders",
    f"""
SELECT EXISTS (
    SELECT FROM lottery_lottery WHERE {LIVE} AND takes_chances AND order_chances > 0 AND order_moment = %(moment)s
)
""",
)


@dataclass(frozen=True)
class Standing:
    """A member's chances, and how many draws are left; None where nothing limits them."""

    chances: int
    draws_left: int | None


@dataclass(frozen=True)
class Winner:
    """As much of a winner as everybody may see."""

    name: str
    prize: str
    at: datetime


def open_lotteries(*, buyer: Buyer, now: datetime) -> QuerySet[Lottery]:
    """Published and not over, for such a buyer; those that have not begun among them, with their odds."""
    to_come = Q(ends_at=None) | Q(ends_at__gt=now)
    return Lottery.objects.filter(open_to(buyer), to_come, switched_on(), status__in=PUBLISHED)


def shown_lottery(*, pk: int) -> Lottery:
    """One that was published and is not withdrawn; what is over can still be looked at. Raises LotteryNotFound."""
    shown = Q(status=CampaignStatus.ENDED) | Q(switched_on(), status__in=PUBLISHED)
    found = Lottery.objects.filter(shown, pk=pk).first()
    if found is None:
        raise LotteryNotFound
    return found


def published_odds(lottery: Lottery) -> OddsVersion | None:
    """Those of its present revision; None while it has never been published."""
    return OddsVersion.objects.filter(lottery=lottery, version=lottery.revision).first()


def orders_give_chances(*, moment: str, now: datetime) -> bool:
    """Whether any lottery gives chances for orders at this moment of theirs."""
    return _FOR_ORDERS.row({"moment": str(moment), "now": now}) == (True,)


def prizes_of(lottery: Lottery) -> list[Prize]:
    return list(lottery.prizes.select_related("template", "sku").order_by("pk"))


def standing_of(lottery: Lottery, *, member_id: int, now: datetime) -> Standing:
    mine = ChanceAccount.objects.filter(lottery=lottery, member=member_id).first()
    of_day = mine.draws_of_day if mine is not None and mine.day == business_day(now) else 0
    left = [lottery.draws_per_day - of_day] if lottery.draws_per_day is not None else []
    if lottery.draws_in_all is not None:
        left.append(lottery.draws_in_all - (mine.draws if mine is not None else 0))
    return Standing(mine.balance if mine is not None else 0, max(min(left), 0) if left else None)


def winners_of(lottery: Lottery) -> Sequence[Winner]:
    """The latest of those who won more than what is for the rest, if they are still with us."""
    shown = WINNERS_SHOWN.value()
    if not shown:
        return []
    wins = Win.objects.filter(draw__lottery=lottery, prize__is_fallback=False)
    there = wins.filter(draw__member__status=Member.Status.ACTIVE).select_related("draw__member", "prize")
    return [
        Winner(_masked(each.draw.member.nickname), each.prize.name, each.draw.drawn_at)
        for each in there.order_by("-pk")[:shown]
    ]


def wins_of(*, member_id: int) -> QuerySet[Win]:
    mine = Win.objects.filter(draw__member=member_id)
    return mine.select_related("draw__lottery", "prize", "coupon__template", "code")


def share_target(*, pk: int, now: datetime) -> ShareTarget | None:
    lottery = Lottery.objects.filter(admits_at(now), pk=pk).first()
    return ShareTarget(key=f"lottery-{pk}", title=lottery.name, subtitle=lottery.intro) if lottery else None


def _masked(nickname: str) -> str:
    return f"{nickname[0]}**" if nickname else "***"
