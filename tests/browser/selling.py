"""Customers of a distributor buy for what the test says, through the services that orders call.

`Shop.run` calls these in a process of its own, on the servers of the demo shop.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from promotions.distribution.models import Distributor, DistributorGrade, Sale
from promotions.distribution.preferences import AWARD_DAYS
from promotions.distribution.services.awarding import award_due
from promotions.distribution.services.binding import record_visit
from promotions.distribution.services.joining import appoint
from promotions.distribution.services.selling import SoldLine, sell
from promotions.distribution.services.settling import complete_sale, release, settle
from shop.catalog.models import Product
from shop.core import clock
from shop.core.actors import Actor
from shop.core.numbers import new_number
from shop.core.outbound import http_client
from shop.core.transactions import unit_of_work


def sign_in_by_wechat(*, member: int, phone: str) -> str:
    """WeChat pays whom it knows."""
    known = http_client().post(f"{settings.SANDBOX_URL}/wechat/login-codes", json={"phone": phone}).json()
    Member.objects.filter(pk=member).update(openid=known["openid"])
    return known["openid"]


def take_on(*, member: int, phone: str) -> str:
    """The member sells from now on, in the first grade."""
    grade = DistributorGrade.objects.earliest("position")
    appoint(member_id=member, grade_id=grade.pk, actor=Actor.system("browser"), now=clock.now())
    return sign_in_by_wechat(member=member, phone=phone)


def win_a_rank(*, member: int, fen: int) -> int:
    """By an order of last month that is far above all others; the ranks are rewarded, and the order's key answered."""
    now = clock.now()
    made = bring_order(member=member, fen=fen, now=now.replace(day=1) - timedelta(days=3))
    award_due(now=now + timedelta(days=AWARD_DAYS.value()))
    return Sale.objects.get(order_number=made["number"]).pk


def bring_order(*, member: int, fen: int, payer: str = "", now: datetime | None = None) -> dict[str, Any]:
    """Somebody comes by the distributor's link and pays so much; whatever raises no suspicion can be withdrawn."""
    now, seller = now or clock.now(), Distributor.objects.select_related("member").get(member=member)
    mark = f"{time.time_ns() % 10**8:08d}"
    buyer = MemberFactory.create(
        nickname="隔壁邻居", phone=f"+86137{mark}", openid=f"o-{mark}", invite_code=f"N{mark}", joined_at=now
    )
    record_visit(member_id=buyer.pk, invite_code=seller.member.invite_code, target="", now=now)
    goods = Product.objects.filter(on_shelf=True).order_by("pk")[0]
    number = new_number("D", now)
    with unit_of_work():
        lines = [SoldLine(0, goods.pk, quantity=1, paid_fen=fen)]
        sale = sell(order_number=number, buyer_id=buyer.pk, lines=lines, payer=payer, sold_at=now, now=now)
        complete_sale(order_number=number, settles_at=now)
    assert sale is not None
    settle(order_number=number, now=now)
    release(order_number=number, now=now)
    return {"number": number, "review": sale.review}
