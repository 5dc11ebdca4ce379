"""Members who buy with everything that lowers a price, and bring parts of it back; runs inside Django (`Shop.call`)."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from django.conf import settings

from bench.stocking import load
from logistics.carriers.models import Carrier
from logistics.shipments.models import Shipment, ShipmentStatus
from logistics.shipments.services import ship
from members.identity.tests.factories import AddressFactory, MemberFactory
from orders.after_sales import services
from orders.after_sales.models import Kind, Reason, Status
from orders.after_sales.policies import FREIGHT, GIFTS
from orders.after_sales.preferences import SECOND_APPROVAL_FEN
from orders.after_sales.services import Wanted, Wish
from orders.after_sales.standing import standings
from orders.checkout.models import Order
from orders.checkout.offers import Item, make_offer
from orders.checkout.offers import Wish as Basket
from orders.checkout.services.placing import place_order
from orders.payments.gateways.bills import BillKind
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment, PaymentMethod, PaymentStatus, Refund, RefundStatus
from orders.payments.services.asking import refresh_payment
from orders.payments.services.opening import open_payment
from orders.reconciliation.models import Difference, DifferenceState, Reconciliation
from orders.reconciliation.services import reconcile
from points.ledger.services import grant
from promotions.campaigns import version
from promotions.campaigns.models import CampaignStatus
from promotions.coupons.models import CouponTemplate
from promotions.coupons.services import give
from promotions.discounts.models import SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.outbound import http_client
from shop.core.preferences import set_preference
from shop.core.transactions import unit_of_work

CLERK, SECOND = Actor.staff("bench"), Actor.staff("bench-second")
MEMBERS, PRODUCTS, UNITS = 40, 60, 1_000_000
POINTS, COUPONS_EACH = 10_000_000, 60
DAY = timedelta(days=1)


def prepare(*, seed: int, orders: int) -> dict[str, Any]:
    """Goods with offers on them, members with points and coupons, and policies under which freight comes back too."""
    now = clock.now()
    skus = load(prefix=f"AS{seed}-{int(now.timestamp())}", products=PRODUCTS, skus_each=1, units=UNITS)
    set_preference(FREIGHT, "share")
    set_preference(GIFTS, "return")
    set_preference(SECOND_APPROVAL_FEN, 30_000)
    with unit_of_work():
        _campaigns(skus, now)
        members = [_member(number, seed, now, orders) for number in range(MEMBERS)]
    return {"skus": skus, "members": members}


def buy(*, stage: dict[str, Any], count: int, seed: int) -> list[str]:
    """Place and pay random orders; returns their numbers."""
    rng, numbers = Random(seed), []
    for _each in range(count):
        chosen = rng.sample(stage["skus"], rng.choice((1, 2, 2, 3, 4)))
        wish = Basket(
            member_id=rng.choice(stage["members"]),
            items=tuple(Item(sku, rng.choice((1, 1, 2, 3, 7))) for sku in chosen),
            coupon_ids=rng.choice(("best", ())),
            points_to_use=rng.choice((0, 0, "max", rng.randint(1, 9_999))),
        )
        numbers.append(_bought(wish))
    return numbers


def send(*, numbers: Sequence[str]) -> int:
    """Everything of these orders leaves its warehouse."""
    now, carrier = clock.now(), Carrier.objects.filter(is_active=True).order_by("pk")[0]
    parcels = Shipment.objects.filter(order_number__in=numbers, shipped_at=None).exclude(
        status=ShipmentStatus.CANCELLED
    )
    for parcel in parcels:
        ship(
            shipment_number=parcel.number,
            tracking_number=parcel.tracking_number or f"B{parcel.pk:012d}",
            carrier_id=parcel.carrier_id or carrier.pk,
            actor=CLERK,
            now=now,
        )
    return len(parcels)


def bring_back(*, numbers: Sequence[str], first: int, rest: bool, seed: int) -> int:
    """A random part of each order, or the `rest` of it, is refunded as far as the shop can; returns how many."""
    count = 0
    for place, order in enumerate(Order.objects.filter(number__in=numbers).order_by("pk"), start=first):
        rng = Random(f"{seed}:{place}")
        for kind in (Kind.REFUND, Kind.RETURN):
            if wanted := _wanted(order, kind, rng, rest):
                _refunded(order, Wish(kind, wanted, rng.choice(Reason.values)), rng)
                count += 1
    return count


def differences() -> list[str]:
    """Of the gateway's bills of yesterday and today beside our books, line by line and as sums."""
    books: Counter[tuple[str, int]] = Counter()
    paid = Payment.objects.filter(method=PaymentMethod.WECHAT, status=PaymentStatus.SUCCEEDED)
    today = business_day(clock.now())
    since = clock.day_bounds(today - DAY)[0]
    books.update(
        (number, fen) for number, fen in paid.filter(succeeded_at__gte=since).values_list("number", "amount_fen")
    )
    back = Refund.objects.filter(payment__method=PaymentMethod.WECHAT, status=RefundStatus.SUCCEEDED)
    books.update(
        (number, -fen) for number, fen in back.filter(created_at__gte=since).values_list("number", "amount_fen")
    )
    billed: Counter[tuple[str, int]] = Counter()
    for day in (today - DAY, today):
        with gateway_for(PaymentMethod.WECHAT).download_bill(day=day) as bill:
            for line in bill.lines():
                is_refund = line.kind == BillKind.REFUND
                billed[line.refund_number, -line.amount_fen] += is_refund
                billed[line.number, line.amount_fen] += not is_refund
    return [str(each) for each in ((books - billed) + (billed - books))][:10]


def reconciled() -> dict[str, Any]:
    """Both days as finance sees them, once they are over: open differences, and the sums of bills and books."""
    now, found = clock.now(), []
    for day in (business_day(now) - DAY, business_day(now)):
        found.append(reconcile(method=PaymentMethod.WECHAT, day=day, actor=CLERK, now=now + DAY))
    rows = Difference.objects.filter(reconciliation__in=found, state=DifferenceState.OPEN)
    return {
        "compared": all(each.status == Reconciliation.Status.COMPARED for each in found),
        "open": [str(each) for each in rows[:5]],
        "bill_fen": int(sum(each.bill_paid_fen - each.bill_refunded_fen for each in found)),
        "book_fen": int(sum(each.book_paid_fen - each.book_refunded_fen for each in found)),
    }


def _campaigns(skus: Sequence[int], now: Any) -> None:
    life = {"status": CampaignStatus.RUNNING, "starts_at": now - DAY, "ends_at": now + 60 * DAY, "created_by": "bench"}
    gift = Sku.objects.get(pk=skus[-1])
    offer = SpendOffer.objects.create(name="满减满赠", **life)
    SpendOfferTier.objects.create(offer=offer, threshold_fen=10_000, off_fen=1_001)
    SpendOfferTier.objects.create(offer=offer, threshold_fen=25_000, off_fen=4_003, gift_sku=gift)
    some = SpendOffer.objects.create(
        name="三件九折", measure="count", product_ids=[Sku.objects.get(pk=pk).product_id for pk in skus[:20]], **life
    )
    SpendOfferTier.objects.create(offer=some, threshold_units=3, off_bp=1_000, free_shipping=True)
    discount = TimedDiscount.objects.create(name="限时", **life)
    TimedDiscountItem.objects.bulk_create(
        TimedDiscountItem(discount=discount, sku_id=pk, off_bp=777) for pk in skus[10:30]
    )
    version.bump()


def _member(number: int, seed: int, now: Any, orders: int) -> int:
    told = _outside("/wechat/login-codes", phone=f"138{seed % 100:02d}{int(now.timestamp()) % 10_000:04d}{number:02d}")
    member = MemberFactory.create(
        openid=told["openid"], phone=f"+86139{int(now.timestamp()) % 100_000:05d}{number:03d}"
    )
    AddressFactory.create(member=member, phone=member.phone)
    grant(
        reference=f"bench:{member.pk}",
        member_id=member.pk,
        points=POINTS,
        source="manual",
        now=now,
        matures_at=now,
        expires_at=None,
    )
    for kind in ({"kind": "amount", "amount_off_fen": 777}, {"kind": "percent", "percent_off_bp": 850}):
        template = CouponTemplate.objects.create(
            name=f"券 {kind['kind']} {member.pk}",
            threshold_fen=5_000,
            validity="after_claim",
            valid_days=30,
            total_limit=100_000,
            per_member_limit=100_000,
            starts_at=now - DAY,
            ends_at=now + 60 * DAY,
            status=CampaignStatus.RUNNING,
            created_by="bench",
            **kind,
        )
        for _coupon in range(min(COUPONS_EACH, orders)):
            give(template=template, member_id=member.pk, way=template.way, reference=None, now=now)
    return member.pk


def _bought(wish: Basket) -> str:
    now = clock.now()
    # With the price that was quoted, points that cannot act are left out instead of refusing the order.
    payable_fen = make_offer(wish=wish, now=now).quote.payable_fen
    order, _lines = place_order(wish=wish, expected_payable_fen=payable_fen, remark="", now=now)
    openid = order.member.openid or ""
    method = PaymentMethod.WECHAT if order.payable_fen else PaymentMethod.BALANCE_FREE
    payment = open_payment(order_number=order.number, member_id=order.member_id, method=method, openid=openid, now=now)
    if order.payable_fen:
        _outside(
            "/wechat/past-payments",
            out_trade_no=payment.number,
            openid=openid,
            total=payment.amount_fen,
            paid_at=now.isoformat(),
        )
        refresh_payment(number=payment.number, actor=Actor.gateway(PaymentMethod.WECHAT), now=clock.now())
    return order.number


def _wanted(order: Order, kind: Kind, rng: Random, rest: bool) -> list[Wanted]:
    """Units that were not shipped are refunded, those that were come back first."""
    found = []
    for standing in standings(order):
        left = standing.withdrawable if kind == Kind.REFUND else standing.returnable
        if standing.line.is_gift or not left:
            continue
        units = left if rest else rng.choice((0, rng.randint(0, left)))
        if units:
            found.append(Wanted(standing.line.pk, units))
    return found


def _refunded(order: Order, wish: Wish, rng: Random) -> None:
    now = clock.now()
    after_sale = services.ask(number=order.number, wish=wish, actor=Actor.member(order.member_id), now=now)
    number = after_sale.number
    after_sale = services.approve(number=number, actor=CLERK, now=now)
    if after_sale.status == Status.AWAITING_GOODS:
        services.record_return_shipment(number=number, carrier="SF", tracking_number=number, actor=CLERK, now=now)
        received = {line.order_line_id: _halves(line.units_to_send, rng) for line in after_sale.lines.all()}
        after_sale = services.receive_goods(number=number, received=received, actor=CLERK, now=now)
    if after_sale.status == Status.RECEIVED:
        after_sale = services.refund(number=number, actor=CLERK, now=now)
    if after_sale.status == Status.SECOND_APPROVAL:
        services.approve_second(number=number, actor=SECOND, now=now)


def _halves(units: int, rng: Random) -> tuple[int, int]:
    """Sound and damaged."""
    sound = rng.randint(0, units)
    return sound, units - sound


def _outside(path: str, **body: Any) -> Any:
    answer = http_client().post(f"{settings.SANDBOX_URL}{path}", json=body)
    answer.raise_for_status()
    return answer.json()
