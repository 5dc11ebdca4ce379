"""A random forest of members who visit, join, buy, return and withdraw, lived by the services and by the reference."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest

from members.identity.models import Member
from promotions.distribution.errors import CommissionOwed, DistributorNotSelling, SaleRefused, WithdrawMoreThanThere
from promotions.distribution.models import Distributor, DistributorGrade, Sale
from promotions.distribution.services.binding import record_visit
from promotions.distribution.services.joining import appoint, pause, resume
from promotions.distribution.services.selling import SoldLine, follow_refunds, refuse_sale, restore_sale, sell
from promotions.distribution.services.settling import complete_sale, release, settle
from promotions.distribution.services.withdrawing import approve_withdrawal, ask_for_withdrawal, refuse_withdrawal
from promotions.distribution.tests.making import NOW, STAFF, balances
from promotions.distribution.tests.reference import Reference
from shop.catalog.models import Product
from shop.core.transactions import unit_of_work

WEIGHTS = {
    "visit": 18,
    "join": 3,
    "buy": 26,
    "refund": 22,
    "settle": 12,
    "withdraw": 9,
    "decide": 6,
    "pause": 1,
    "condemn": 1,
    "wait": 3,
}


class RandomLife:
    """Every step is taken twice: by the services, and by the reference, which must come to the same."""

    def __init__(self, *, members: list[Member], products: list[Product], seed: int, begins: datetime = NOW) -> None:
        self.dice, self.now, self.known = Random(seed), begins, Reference()
        self.members, self.products = members, products
        self.sellers: dict[int, Distributor] = {}
        self.sales: list[Sale] = []
        self.asked: list[tuple[str, int, list[object]]] = []
        self.steps: dict[str, Callable[[], None]] = {name: getattr(self, name) for name in WEIGHTS}
        self.taken = dict.fromkeys(WEIGHTS, 0)

    def step(self) -> None:
        [name] = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
        self.now += timedelta(seconds=1)
        self.taken[name] += 1
        self.steps[name]()

    def visit(self) -> None:
        active = [pk for pk in self.sellers if pk not in self.known.paused]
        if not active:
            return
        member, seller = self.dice.choice(self.members), self.dice.choice(active)
        record_visit(member_id=member.pk, invite_code=self.sellers[seller].member.invite_code, target="", now=self.now)
        self.known.visit(member.pk, seller, self.now)

    def join(self) -> None:
        free = [member for member in self.members if member.pk not in self.sellers]
        if len(free) < len(self.members) // 2:
            return
        # Customers of somebody first, so that the forest grows deep.
        free = [member for member in free if self.known.seller_of(member.pk, self.now)] or free
        member, first, second = self.dice.choice(free), self.dice.randrange(5001), self.dice.randrange(5001)
        grade = DistributorGrade.objects.create(name=f"{member.pk}", rate_bp=first, second_rate_bp=second)
        made = appoint(member_id=member.pk, grade_id=grade.pk, actor=STAFF, now=self.now)
        self.sellers[member.pk] = made
        self.known.join(member.pk, first, second, self.now)

    def buy(self) -> None:
        member = self.dice.choice(self.members)
        paid = [self.dice.choice((1, 33, 199, 1_000, 9_999)) for _ in range(self.dice.randint(1, 4))]
        lines = [SoldLine(place, self.dice.choice(self.products).pk, 3, fen) for place, fen in enumerate(paid)]
        number = f"D{sum(self.taken.values()):09d}"
        for _ in range(self.dice.choice((1, 1, 1, 2))):
            with unit_of_work():
                sale = sell(
                    order_number=number, buyer_id=member.pk, lines=lines, payer="", sold_at=self.now, now=self.now
                )
        assert (sale is not None) == self.known.buy(member.pk, paid, self.now)
        if sale is not None:
            self.sales.append(sale)

    def refund(self) -> None:
        """Money of some lines goes back; now and then an older word comes late, which changes nothing."""
        if not self.sales:
            return
        place = self.dice.randrange(len(self.sales))
        known = self.known.orders[place]
        told = [self.dice.choice((fen, fen * 2 // 3, fen // 3, 0)) for fen in known.left]
        late = [fen + self.dice.randrange(5) for fen in told]
        for left in (told, late):
            with unit_of_work():
                follow_refunds(
                    order_number=self.sales[place].order_number,
                    left_fen=dict(enumerate(left)),
                    reference=f"R{sum(self.taken.values())}",
                    now=self.now,
                )
        known.left = told

    def settle(self) -> None:
        if not self.sales:
            return
        place = self.dice.randrange(len(self.sales))
        number, known = self.sales[place].order_number, self.known.orders[place]
        with unit_of_work():
            complete_sale(order_number=number, settles_at=self.now)
        if settle(order_number=number, now=self.now):
            assert known.stage == "frozen"
            known.stage = "settled"
        elif release(order_number=number, now=self.now):
            assert known.stage == "settled"
            known.stage = "released"
        else:
            assert known.stage == "released" or (known.is_refused and known.stage == "settled")

    def withdraw(self) -> None:
        active = [pk for pk in self.sellers if pk not in self.known.paused]
        if not active:
            return
        seller = self.dice.choice(active)
        there = self.known.balances(seller).get("available", 0)
        fen = self.dice.choice((100, max(there, 100), max(there, 100) + 1))
        try:
            made = ask_for_withdrawal(member_id=seller, amount_fen=fen, method="points", now=self.now)
        except WithdrawMoreThanThere:
            assert fen > there
            return
        assert fen <= there
        row: list[object] = [fen, "reserved"]
        self.known.withdrawn[seller].append(row)
        self.asked.append((made.number, seller, row))

    def decide(self) -> None:
        if not self.asked:
            return
        number, seller, row = self.asked.pop(self.dice.randrange(len(self.asked)))
        is_paused, owes = seller in self.known.paused, self.known.balances(seller).get("available", 0) < 0
        if self.dice.random() < 0.5:
            if not is_paused and not owes:
                approve_withdrawal(number=number, actor=STAFF, now=self.now)
                row[1] = "paid"
                return
            with pytest.raises(DistributorNotSelling if is_paused else CommissionOwed):
                approve_withdrawal(number=number, actor=STAFF, now=self.now)
        refuse_withdrawal(number=number, reason="", actor=STAFF, now=self.now)
        row[1] = "back"

    def condemn(self) -> None:
        """It turns out to be no honest order, wherever its commission has come to; or honest after all."""
        if not self.sales:
            return
        place = self.dice.randrange(len(self.sales))
        known = self.known.orders[place]
        refuse = {"sale_id": self.sales[place].pk, "reason": "fraud", "actor": STAFF, "now": self.now}
        if known.is_refused:
            with pytest.raises(SaleRefused):
                refuse_sale(**refuse)
            restore_sale(**refuse)
        else:
            refuse_sale(**refuse)
        known.is_refused = not known.is_refused

    def pause(self) -> None:
        if not self.sellers:
            return
        seller = self.dice.choice(list(self.sellers))
        change = resume if seller in self.known.paused else pause
        change(distributor_id=self.sellers[seller].pk, reason="", actor=STAFF, now=self.now)
        self.known.paused ^= {seller}

    def wait(self) -> None:
        self.now += timedelta(days=self.dice.choice((1, 3, 31)))

    def differences(self) -> list[str]:
        """Where the shop and the reference do not agree."""
        found = []
        for member_id, seller in self.sellers.items():
            has, must = balances(seller), self.known.balances(member_id)
            if has != must:
                found.append(f"distributor {seller.pk}: {has} instead of {must}")
        return found
