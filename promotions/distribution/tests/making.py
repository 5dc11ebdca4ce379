"""Distributors, their customers and what those buy, without the orders themselves."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from promotions.distribution import preferences
from promotions.distribution.invariants import LAWS
from promotions.distribution.models import CommissionAccount, Distributor, DistributorGrade, Sale
from promotions.distribution.screening import Destination
from promotions.distribution.services.binding import record_visit
from promotions.distribution.services.joining import appoint
from promotions.distribution.services.selling import SoldLine, follow_refunds, sell
from promotions.distribution.services.settling import complete_sale, release, settle
from shop.catalog.models import Product
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI
from shop.core.preferences import Preference, set_preference
from shop.core.transactions import unit_of_work

STAFF = Actor.staff("operator")
NOW = datetime(2026, 6, 10, 12, tzinfo=SHANGHAI)
_numbers = count(1)


def prefer(**values: Any) -> None:
    """By the last part of their keys: `second_level=True`."""
    from_key = {declared.key.split(".")[1]: declared for declared in _declared()}
    for name, value in values.items():
        set_preference(from_key[name], value)


def grade(rate_bp: int = 500, second_rate_bp: int = 100) -> DistributorGrade:
    return DistributorGrade.objects.create(
        name=f"等级 {next(_numbers)}", position=5, rate_bp=rate_bp, second_rate_bp=second_rate_bp
    )


def distributor(
    member: Member | None = None, *, rate_bp: int = 500, second_rate_bp: int = 100, now: datetime = NOW
) -> Distributor:
    """Appointed by staff, at a grade of their own."""
    member = member or MemberFactory()
    return appoint(member_id=member.pk, grade_id=grade(rate_bp, second_rate_bp).pk, actor=STAFF, now=now)


def visit(member: Member, seller: Distributor, *, now: datetime = NOW, target: str = "") -> bool:
    return record_visit(member_id=member.pk, invite_code=seller.member.invite_code, target=target, now=now)


def customer(seller: Distributor, *, now: datetime = NOW) -> Member:
    member = MemberFactory()
    assert visit(member, seller, now=now)
    return member


def product() -> Product:
    return SkuFactory().product


def sold(
    buyer: Member,
    *paid_fen: int,
    now: datetime = NOW,
    payer: str = "",
    products: tuple[Product, ...] = (),
    destination: Destination | None = None,
) -> Sale | None:
    """A paid order with a line for each amount."""
    goods = products or (product(),) * len(paid_fen)
    lines = [SoldLine(position, goods[position].pk, quantity=2, paid_fen=fen) for position, fen in enumerate(paid_fen)]
    with unit_of_work():
        return sell(
            order_number=f"D{next(_numbers):012d}",
            buyer_id=buyer.pk,
            lines=lines,
            payer=payer,
            sold_at=now,
            now=now,
            destination=destination,
        )


def left(sale: Sale, *left_fen: int, now: datetime = NOW, reference: str = "refund") -> int:
    """So much is still paid for each line; returns what was taken back."""
    with unit_of_work():
        return follow_refunds(
            order_number=sale.order_number,
            left_fen=dict(enumerate(left_fen)),
            reference=f"{reference}:{next(_numbers)}",
            now=now,
        )


def settled(sale: Sale, *, now: datetime = NOW) -> Sale:
    with unit_of_work():
        complete_sale(order_number=sale.order_number, settles_at=now)
    assert settle(order_number=sale.order_number, now=now)
    sale.refresh_from_db()
    return sale


def released(sale: Sale, *, now: datetime = NOW) -> Sale:
    settled(sale, now=now)
    assert release(order_number=sale.order_number, now=now)
    sale.refresh_from_db()
    return sale


def earned(seller: Distributor, fen: int, *, now: datetime = NOW) -> None:
    """So much can be withdrawn, by an order at a rate of half of what was paid."""
    buyer = customer(seller, now=now)
    DistributorGrade.objects.filter(pk=seller.grade_id).update(rate_bp=5000)
    sale = sold(buyer, fen * 2, now=now)
    assert sale is not None
    Sale.objects.filter(pk=sale.pk).update(review="clear")
    released(sale, now=now)


def balances(seller: Distributor) -> dict[str, int]:
    """What is not nothing, by bucket."""
    row = CommissionAccount.objects.get(pk=seller.pk)
    found = {name: getattr(row, f"{name}_fen") for name in ("frozen", "settled", "available", "reserved", "paid")}
    return {name: fen for name, fen in found.items() if fen}


def laws() -> list[str]:
    return [sentence for law in LAWS for sentence in law()]


def later(**ahead: float) -> datetime:
    return NOW + timedelta(**ahead)


def _declared() -> list[Preference[Any]]:
    found = [value for value in vars(preferences).values() if isinstance(value, Preference)]
    return [declared for declared in found if declared.key.startswith("distribution.")]
