"""Group buys for tests, and orders that open and join teams as members place them: over HTTP."""

from datetime import timedelta
from typing import Any

from rest_framework.response import Response

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, items, place
from promotions.campaigns.models import CampaignStatus
from promotions.group_buy.models import GroupBuy, GroupBuyItem, Team
from shop.catalog.models import Sku
from shop.core import clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_group_buy(*goods: tuple[Sku, int] | tuple[Sku, int, int], **fields: Any) -> GroupBuy:
    """Running: teams of three that live a day. `goods` are a SKU, its price, and the leader's where that is less."""
    now = clock.now()
    given = {
        "name": "三人团",
        "size": 3,
        "hours": 24,
        "starts_at": now - DAY,
        "ends_at": now + 10 * DAY,
        "status": CampaignStatus.RUNNING,
        "revision": 1,
        "created_by": "staff:clerk",
        **fields,
    }
    group_buy = GroupBuy.objects.create(**given)
    for sku, price_fen, *leader in goods:
        leader_price_fen = leader[0] if leader else None
        GroupBuyItem.objects.create(
            group_buy=group_buy, sku=sku, price_fen=price_fen, leader_price_fen=leader_price_fen
        )
    return group_buy


def body(group_buy: GroupBuy, sku: Sku, *, team: Team | None = None, units: int = 1) -> dict[str, Any]:
    activity = {"kind": "group_buy", "id": group_buy.pk, **({"team_id": team.pk} if team else {})}
    return {"items": items((sku, units)), "activity": activity}


def ask(group_buy: GroupBuy, sku: Sku, *, team: Team | None = None, member: Member | None = None) -> Response:
    """A new member places the order unless one is named."""
    return place(buyer(member or MemberFactory.create()), body(group_buy, sku, team=team))


def seated(group_buy: GroupBuy, sku: Sku, *, team: Team | None = None, member: Member | None = None) -> Order:
    """An unpaid order that opens a team, or joins it."""
    answer = ask(group_buy, sku, team=team, member=member)
    assert answer.status_code == 201, answer.content
    return Order.objects.get(number=answer.json()["number"])


def team_of(order: Order) -> Team:
    return Team.objects.get(seats__order_number=order.number)
