"""How staff narrow the orders: one definition for the list, saved filters, bulk works and exports.

A criterion reads its own parameters of an address. A value that means nothing matches nothing: whoever ships or exports
"all that match" must never get all that there is because of a typing error.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, TypeAlias

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from logistics.carriers.models import Carrier
from logistics.network.models import Store, Warehouse
from logistics.shipments.models import Shipment
from members.identity.models import Member
from members.identity.phones import parse_phone
from orders.after_sales.models import OPEN as AFTER_SALE_OPEN
from orders.after_sales.models import AfterSale
from orders.checkout.activities import that_took_of
from orders.checkout.models import Flag, Order, OrderLine, OrderStatus
from orders.payments.models import Payment, PaymentMethod
from promotions.campaigns.mechanisms import campaign_models, mechanism_label
from promotions.campaigns.models import Campaign
from promotions.campaigns.stacking import MECHANISMS
from promotions.redemption.terms import KIND as REWARD
from shop.catalog.models import Product, Sku
from shop.core import clock
from shop.core.channels import CHANNEL_CHOICES
from shop.core.money import parse_yuan

Orders: TypeAlias = QuerySet[Order]
Choices: TypeAlias = Sequence[tuple[str, Any]]

PHONE_TAIL_DIGITS = 4
PHONE_DIGITS = 11
FEW_PRODUCTS = 100
MOST_TYPED = 60
TO_SHIP, AWAITS_BALANCE = "to_ship", "awaits_balance"
STATUSES_TO_SHIP = (OrderStatus.PAID, OrderStatus.ALLOCATED, OrderStatus.PARTLY_SHIPPED)
DAYS: Mapping[str, tuple[int, int]] = {"today": (0, 0), "yesterday": (1, 1), "week": (6, 0), "month": (29, 0)}
SEARCH, BEFORE = "q", "before"


class Shape(Enum):
    CHOICE = "choice"
    TYPED = "typed"
    DAYS = "days"
    AMOUNTS = "amounts"


@dataclass(frozen=True)
class Criterion:
    """`narrow` gets the values that were given; `choices` are asked when they are shown."""

    name: str
    label: Any
    shape: Shape
    narrow: Callable[[Orders, Mapping[str, str]], Orders]
    choices: Callable[[], Choices] = tuple
    in_words: Callable[[str], str] = str

    @property
    def parameters(self) -> tuple[str, ...]:
        ranged = self.shape in (Shape.DAYS, Shape.AMOUNTS)
        return (f"{self.name}_from", f"{self.name}_to") if ranged else (self.name,)

    def sentence(self, given: Mapping[str, str]) -> str:
        """What was asked for, in words: for what is shown of a saved filter or of a work."""
        values = [given.get(each, "") for each in self.parameters]
        if self.shape is Shape.CHOICE:
            known = {str(value): str(label) for value, label in self.choices()}
            values = [known.get(values[0], values[0])]
        return f"{self.label}: {' – '.join(map(self.in_words, values))}"


def given_of(parameters: Mapping[str, str]) -> dict[str, str]:
    """The part of an address that narrows orders, in a fixed order; everything else is left out."""
    known = [SEARCH, *(each for criterion in CRITERIA for each in criterion.parameters)]
    return {name: parameters[name].strip() for name in known if parameters.get(name, "").strip()}


def as_of(given: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The same criteria, with days in place of words such as "today": for what is read later."""
    if given.get("placed") not in DAYS:
        return dict(given)
    first, last = _days_meant(given["placed"], now)
    try:
        first = max(first, date.fromisoformat(given.get("placed_at_from") or first.isoformat()))
        last = min(last, date.fromisoformat(given.get("placed_at_to") or last.isoformat()))
    except ValueError:
        return dict(given)
    days = {"placed_at_from": first.isoformat(), "placed_at_to": last.isoformat()}
    return {name: value for name, value in given.items() if name != "placed"} | days


def matching(given: Mapping[str, str]) -> Orders:
    """The orders that all criteria given let through."""
    orders = Order.objects.all()
    for criterion in CRITERIA:
        orders = narrowed(orders, criterion, given)
    return found(orders, given[SEARCH].strip()) if given.get(SEARCH, "").strip() else orders


def narrowed(orders: Orders, criterion: Criterion, given: Mapping[str, str]) -> Orders:
    values = {name: given[name].strip() for name in criterion.parameters if given.get(name, "").strip()}
    if any(len(value) > MOST_TYPED or "\0" in value for value in values.values()):
        return orders.none()
    return criterion.narrow(orders, values) if values else orders


def sentences(given: Mapping[str, str]) -> Iterator[str]:
    if given.get(SEARCH):
        yield _("Search: {words}").format(words=given[SEARCH])
    for criterion in CRITERIA:
        if any(given.get(name) for name in criterion.parameters):
            yield criterion.sentence(given)


def found(orders: Orders, term: str) -> Orders:
    """By the start of an order's number, the phone of its buyer or recipient or its end, or a tracking number."""
    term = term.strip()
    if "\0" in term:
        return orders.none()
    if len(term) == PHONE_TAIL_DIGITS and term.isdecimal():
        return orders.filter(phone_tail=term)
    phone = parse_phone(term) if len(term) == PHONE_DIGITS and term.isdecimal() else None
    if phone is not None:
        buyers = list(Member.objects.filter(phone=phone).values_list("pk", flat=True))
        return orders.filter(Q(member__in=buyers) | Q(phone_tail=phone[-4:], recipient__phone=phone))
    tracked = list(Shipment.objects.filter(tracking_number=term).values_list("order_number", flat=True))
    return orders.filter(Q(number__startswith=term) | Q(number__in=tracked))


def _status(orders: Orders, given: Mapping[str, str]) -> Orders:
    if given["status"] == AWAITS_BALANCE:
        return orders.filter(status=OrderStatus.PENDING_PAYMENT, paid_fen__gt=0)
    wanted = STATUSES_TO_SHIP if given["status"] == TO_SHIP else (given["status"],)
    return orders.filter(status__in=wanted)


def _statuses() -> Choices:
    return [(TO_SHIP, _("To ship (all)")), (AWAITS_BALANCE, _("Balance awaited")), *OrderStatus.choices]


def _days_of(column: str) -> Callable[[Orders, Mapping[str, str]], Orders]:
    """Whole days in Shanghai, both ends included."""

    def narrow(orders: Orders, given: Mapping[str, str]) -> Orders:
        try:
            days = {name.removeprefix(column): date.fromisoformat(value) for name, value in given.items()}
            start = clock.day_bounds(days["_from"])[0] if "_from" in days else None
            end = clock.day_bounds(days["_to"])[1] if "_to" in days else None
        except (ValueError, OverflowError):
            return orders.none()
        after = {f"{column}__gte": start} if start else {}
        return orders.filter(**after, **({f"{column}__lt": end} if end else {}))

    return narrow


def _lately(orders: Orders, given: Mapping[str, str]) -> Orders:
    if given["placed"] not in DAYS:
        return orders.none()
    first, last = _days_meant(given["placed"], clock.now())
    return orders.filter(placed_at__gte=clock.day_bounds(first)[0], placed_at__lt=clock.day_bounds(last)[1])


def _days_meant(word: str, now: datetime) -> tuple[date, date]:
    first, last = (clock.business_day(now) - timedelta(days=back) for back in DAYS[word])
    return first, last


def _last_days() -> Choices:
    return [
        ("today", _("Today")),
        ("yesterday", _("Yesterday")),
        ("week", _("Last 7 days")),
        ("month", _("Last 30 days")),
    ]


def _amount(orders: Orders, given: Mapping[str, str]) -> Orders:
    try:
        fen = {name.removeprefix("amount"): parse_yuan(value) for name, value in given.items()}
    except ValueError:
        return orders.none()
    least = {"payable_fen__gte": fen["_from"]} if "_from" in fen else {}
    return orders.filter(**least, **({"payable_fen__lte": fen["_to"]} if "_to" in fen else {}))


def _product(orders: Orders, given: Mapping[str, str]) -> Orders:
    """An SKU's code or a product's code, or else what products are called."""
    term = given["product"]
    skus = list(Sku.objects.filter(code=term).values_list("pk", flat=True))
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    if skus:
        return orders.filter(Exists(lines.filter(sku__in=skus)))
    products = list(Product.objects.filter(code=term).values_list("pk", flat=True))
    if products:
        return orders.filter(Exists(lines.filter(product__in=products)))
    named = Product.objects.filter(name__icontains=term).order_by("pk").values_list("pk", flat=True)
    # A few are looked up by their lines; what is called by a common word is found soon among the latest orders.
    few = list(named[: FEW_PRODUCTS + 1])
    return orders.filter(Exists(lines.filter(product__in=few if len(few) <= FEW_PRODUCTS else named.order_by())))


def _parcels_with(column: str) -> Callable[[Orders, Mapping[str, str]], Orders]:
    def narrow(orders: Orders, given: Mapping[str, str]) -> Orders:
        [value] = given.values()
        if not _is_key(value):
            return orders.none()
        parcels = Shipment.objects.filter(order_number=OuterRef("number"), **{column: int(value)})
        return orders.filter(Exists(parcels.exclude(status="cancelled")))

    return narrow


def _channel(orders: Orders, given: Mapping[str, str]) -> Orders:
    return orders.filter(channel="" if given["channel"] == "unknown" else given["channel"])


def _pickup_store(orders: Orders, given: Mapping[str, str]) -> Orders:
    if given["pickup_store"] == "any":
        return orders.filter(pickup_store__isnull=False)
    return orders.filter(pickup_store=int(given["pickup_store"])) if _is_key(given["pickup_store"]) else orders.none()


def _member(orders: Orders, given: Mapping[str, str]) -> Orders:
    """A whole phone number, or a member's number."""
    term = given["member"]
    phone = parse_phone(term) if len(term) >= PHONE_DIGITS else None
    if phone:
        return orders.filter(member__in=list(Member.objects.filter(phone=phone).values_list("pk", flat=True)))
    return orders.filter(member=int(term)) if _is_key(term) else orders.none()


def _remark(orders: Orders, given: Mapping[str, str]) -> Orders:
    with_remark = {"buyer": ~Q(remark=""), "staff": ~Q(staff_remark=""), "none": Q(remark="", staff_remark="")}
    condition = with_remark.get(given["remark"])
    return orders.none() if condition is None else orders.filter(condition)


def _remarks() -> Choices:
    return [
        ("buyer", _("The buyer left a remark")),
        ("staff", _("Staff left a remark")),
        ("none", _("No remark")),
    ]


def _flag(orders: Orders, given: Mapping[str, str]) -> Orders:
    return orders.filter(flag=given["flag"]) if given["flag"] in Flag else orders.none()


def _payment(orders: Orders, given: Mapping[str, str]) -> Orders:
    settled = Payment.objects.filter(order=OuterRef("pk"), settles_order=True, method=given["payment"])
    return orders.filter(Exists(settled))


def _after_sale(orders: Orders, given: Mapping[str, str]) -> Orders:
    asked = AfterSale.objects.filter(order=OuterRef("pk"))
    states = {"open": Exists(asked.filter(status__in=AFTER_SALE_OPEN)), "any": Exists(asked), "none": ~Exists(asked)}
    condition = states.get(given["after_sale"])
    return orders.none() if condition is None else orders.filter(condition)


def _after_sales() -> Choices:
    return [
        ("open", pgettext("after-sale", "Under way")),
        ("any", pgettext("after-sale", "Any")),
        ("none", pgettext("after-sale", "None")),
    ]


def _activity(orders: Orders, given: Mapping[str, str]) -> Orders:
    return that_took_of(orders, mechanism=given["activity"])


def _source(orders: Orders, given: Mapping[str, str]) -> Orders:
    """`flash_sale:7`: a campaign; or a reward of the points mall, `reward:7`."""
    kind, _colon, number = given["source"].partition(":")
    if not _is_key(number):
        return orders.none()
    if kind == REWARD:
        return that_took_of(orders, mechanism=kind, activity_ids=[int(number)])
    campaign = _campaign(kind, number)
    numbers = campaign.order_numbers() if campaign else None
    return orders.none() if numbers is None else orders.filter(number__in=numbers)


def _source_in_words(value: str) -> str:
    kind, _colon, number = value.partition(":")
    campaign = _campaign(kind, number) if _is_key(number) else None
    return f"{mechanism_label(kind)} · {campaign}" if campaign else value


def _campaign(kind: str, number: str) -> Campaign | None:
    model: Any = next((each for each in campaign_models() if kind == each.KIND), None)
    return model.objects.filter(pk=int(number)).first() if model else None


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 19


def _named(rows: QuerySet[Any]) -> Choices:
    return [(str(pk), name) for pk, name in rows.order_by("pk").values_list("pk", "name")]


def _stores() -> Choices:
    return [("any", pgettext("pickup store", "Any")), *_named(Store.objects.all())]


CRITERIA: tuple[Criterion, ...] = (
    Criterion("status", gettext_lazy("status"), Shape.CHOICE, _status, _statuses),
    Criterion("placed", gettext_lazy("placed lately"), Shape.CHOICE, _lately, _last_days),
    Criterion("placed_at", gettext_lazy("placed at"), Shape.DAYS, _days_of("placed_at")),
    Criterion("paid_at", gettext_lazy("paid at"), Shape.DAYS, _days_of("paid_at")),
    Criterion("amount", gettext_lazy("amount (¥)"), Shape.AMOUNTS, _amount),
    Criterion("product", gettext_lazy("product or SKU"), Shape.TYPED, _product),
    Criterion("flag", gettext_lazy("flag"), Shape.CHOICE, _flag, lambda: Flag.choices),
    Criterion("remark", gettext_lazy("remark"), Shape.CHOICE, _remark, _remarks),
    Criterion(
        "warehouse",
        gettext_lazy("warehouse"),
        Shape.CHOICE,
        _parcels_with("warehouse"),
        lambda: _named(Warehouse.objects.all()),
    ),
    Criterion(
        "carrier",
        gettext_lazy("carrier"),
        Shape.CHOICE,
        _parcels_with("carrier"),
        lambda: _named(Carrier.objects.all()),
    ),
    Criterion("pickup_store", gettext_lazy("pickup store"), Shape.CHOICE, _pickup_store, _stores),
    Criterion(
        "channel",
        gettext_lazy("front"),
        Shape.CHOICE,
        _channel,
        lambda: [*CHANNEL_CHOICES, ("unknown", _("Unknown"))],
    ),
    Criterion("payment", gettext_lazy("payment method"), Shape.CHOICE, _payment, lambda: PaymentMethod.choices),
    Criterion("after_sale", gettext_lazy("after-sale"), Shape.CHOICE, _after_sale, _after_sales),
    Criterion("activity", gettext_lazy("promotion"), Shape.CHOICE, _activity, lambda: MECHANISMS),
    Criterion("source", gettext_lazy("one promotion (kind:number)"), Shape.TYPED, _source, in_words=_source_in_words),
    Criterion("member", gettext_lazy("member (phone or number)"), Shape.TYPED, _member),
)
