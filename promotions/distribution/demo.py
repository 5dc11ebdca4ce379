"""The demo shop's distributors: one has sold for a while and brought another, one has just applied.

Who was invited by the first of them is a customer; what the orders of the demo bring follows from that.
"""

from datetime import datetime, timedelta

from members.identity.models import Member
from promotions.distribution.models import Distributor, DistributorGrade, Leaderboard, RankReward
from promotions.distribution.services.binding import bind_registered
from promotions.distribution.services.joining import appoint, join
from shop.core.actors import Actor
from shop.core.clock import business_day

MANAGER = Actor.staff("operator")
BEST = "金牌分销员"
BOARD = "月度销售榜"
NOTE = "我在小区团购群里有 300 多位邻居，想推荐茶和点心"


def load(*, size: str, now: datetime) -> str:
    if Distributor.objects.exists():
        return "0 distributors"
    members = list(Member.objects.filter(openid__isnull=False).order_by("pk")[:6])
    if len(members) < 6:
        return "0 distributors"
    seller, newcomer, applicant = members[0], members[2], members[5]
    since = now - timedelta(days=60)
    first = DistributorGrade.objects.earliest("position")
    best = DistributorGrade.objects.create(name=BEST, position=2, rate_bp=800, second_rate_bp=200)
    appoint(member_id=seller.pk, grade_id=best.pk, actor=MANAGER, now=since)
    for member in members:
        if member.inviter_id == seller.pk:
            bind_registered(member_id=member.pk, inviter_id=seller.pk, now=since)
    bind_registered(member_id=newcomer.pk, inviter_id=seller.pk, now=since)
    appoint(member_id=newcomer.pk, grade_id=first.pk, actor=MANAGER, now=since + timedelta(days=20))
    board = Leaderboard.objects.create(name=BOARD, rewarded_until=business_day(since))
    RankReward.objects.create(leaderboard=board, first_rank=1, last_rank=1, reward_fen=8_800)
    RankReward.objects.create(leaderboard=board, first_rank=2, last_rank=3, points=2_000)
    join(member_id=applicant.pk, note=NOTE, now=now - timedelta(days=1))
    return f"{Distributor.objects.count()} distributors"
