"""The one door to promotions: quote, claim, confirm, complete, release. What comes back later: `returns`.

All but the quote are building blocks inside the transaction of an order whose row the caller holds, and repeatable:
what is claimed, confirmed or released stays so. They come before the order takes or gives back stock.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef
from msgspec.structs import asdict

from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityNotFound
from promotions.campaigns.presold import Presold
from promotions.campaigns.services.first_purchases import confirm_first_purchase
from promotions.checkout.combination import COMBINATION
from promotions.checkout.mechanism import Activity, ActivityAsk, Asking, Mechanism, Settling, Taking
from promotions.checkout.mechanisms import ACTIVITIES, BY_NAME, MECHANISMS, Points, is_owed
from promotions.checkout.models import CLAIM_TRANSITIONS, ClaimStatus, PromotionClaim
from promotions.checkout.preferences import order_limits
from promotions.coupons.models import CouponTemplate
from promotions.coupons.services import give_for_purchase, gives_for_purchase
from promotions.pricing.answers import Adjustment, Quote
from promotions.pricing.budgets import price_in_budget
from promotions.pricing.model import CartSnapshot, Terms
from shop.core.prepared import Prepared, columns
from shop.core.state import check_transition
from shop.core.transactions import at_the_end

# Written out, because every order asks, most of which hold nothing.
_LOCK = Prepared(
    "lock_promotion_claims",
    f"""
SELECT {columns(PromotionClaim)} FROM promotion_checkout_promotionclaim
WHERE order_number = %s AND status = ANY(%s::text[]) ORDER BY id FOR NO KEY UPDATE
""",
)
_CONFIRMED = Prepared(
    "confirmed_activities",
    """
SELECT mechanism FROM promotion_checkout_promotionclaim
WHERE order_number = %s AND status = 'confirmed' AND mechanism = ANY(%s::text[])
""",
)
_HOLD = Prepared(
    "hold_promotion_claims",
    """
INSERT INTO promotion_checkout_promotionclaim
    (order_number, mechanism, status, taken, conditions, amount_fen, points, points_returned, claimed_at)
SELECT %(order)s::text, mechanism, 'claimed', taken::jsonb, conditions::jsonb, amount_fen, points, 0,
    %(now)s::timestamptz
FROM unnest(%(mechanisms)s::text[], %(taken)s::text[], %(conditions)s::text[], %(amounts)s::bigint[],
    %(points)s::bigint[]) AS held (mechanism, taken, conditions, amount_fen, points)
WHERE NOT EXISTS (SELECT FROM promotion_checkout_promotionclaim WHERE order_number = %(order)s::text)
RETURNING id
""",
)
Moment = CouponTemplate.Moment


def quote(asking: Asking) -> Quote:
    """The price of the cart with everything that the buyer is offered. Reads only; raises what `load_terms` raises."""
    return price_in_budget(asking.cart, load_terms(asking))


def pay_within(asking: Asking) -> timedelta | None:
    """For how long the activity holds its place for an unpaid order; None: as long as the shop holds any."""
    asked = asking.activity
    return None if asked is None else ACTIVITIES[asked.kind].pay_within(asking, asked)


def presold(asking: Asking) -> Presold | None:
    """When the goods are sent and how they are paid, where the activity sells them before they are there."""
    asked = asking.activity
    return None if asked is None else ACTIVITIES[asked.kind].presold(asking, asked)


def sells(activity: ActivityAsk | None) -> frozenset[str]:
    """The kinds of products that can be ordered through the activity; goods without one."""
    found = ACTIVITIES.get(activity.kind) if activity else None
    return found.sells if found else Activity.sells


def owes(activity: ActivityAsk | None) -> bool:
    """Whether what is ordered through it is the member's already: neither shelf nor limits keep it back."""
    return activity is not None and is_owed(activity.kind)


def was_owed(number: str) -> Exists:
    """The condition that the order with the number in that column bought nothing, but fetched what it was owed."""
    owed = [name for name, each in ACTIVITIES.items() if each.is_owed]
    return Exists(PromotionClaim.objects.filter(order_number=OuterRef(number), mechanism__in=owed))


def kept(activity: ActivityAsk | None, *, member_id: int) -> Mapping[int, int]:
    """Units of stock by SKU id that are kept for what the member orders through the activity."""
    found = ACTIVITIES.get(activity.kind) if activity else None
    return found.kept(activity, member_id) if found and activity else {}


def give(*, order_number: str, now: datetime) -> None:
    """What the paid order is for besides goods, once. Raises why it cannot be given; the order is paid back then."""
    for activity in _activities_of(order_number):
        activity.give(order_number, now)


def holds_goods(*, order_number: str) -> bool:
    """Whether the paid order waits for others, such as its team: until then nothing is sent and nothing given back."""
    return held_because(order_number=order_number) is not None


def held_because(*, order_number: str) -> Any | None:
    """What the buyer is told of why the paid order waits; None where it does not."""
    held = _activities_of(order_number)
    return next((each.held_because for each in held if each.holds_goods(order_number)), None)


def _activities_of(order_number: str) -> list[Activity]:
    """Those of the paid order."""
    return [ACTIVITIES[name] for (name,) in _CONFIRMED.run([order_number, list(ACTIVITIES)])]


def load_terms(asking: Asking) -> Terms:
    """What all mechanisms offer, in a number of queries that depends neither on lines nor on live promotions.

    Raises ActivityNotFound, and what the activity raises that the buyer comes through.
    """
    if asking.activity is not None and asking.activity.kind not in ACTIVITIES:
        raise ActivityNotFound
    fields: dict[str, Any] = {}
    for mechanism in MECHANISMS:
        for name, more in mechanism.terms(asking).items():
            fields[name] = fields[name] + more if name in fields else more
    return Terms(**fields, combination=COMBINATION.value(), limits=order_limits())


def terms_at(*, buyer: Buyer, cart: CartSnapshot, now: datetime) -> Terms:
    """What the buyer is offered at any moment, for previews of campaigns; see `PROMOTION_TERMS`."""
    return load_terms(Asking(buyer, cart, now))


def claim(taking: Taking) -> None:
    """Hold for the order what its quote applied; an order without promotions costs no statement.

    Raises what mechanisms do when somebody was faster: CouponNotUsable, DiscountChanged, DiscountSoldOut,
    DiscountLimitReached, GiftsGone, BudgetSpent, CampaignNotLive, InsufficientPoints, PromotionsChanged. The order is
    undone then. From the first scarce one on they are raised at the end of the transaction.
    """
    wanted = [(mechanism, taken) for mechanism in MECHANISMS if (taken := mechanism.taken(taking))]
    if not wanted or not _hold(taking, wanted):
        return
    is_late = False
    for mechanism, _taken in wanted:
        is_late = is_late or mechanism.is_scarce
        if is_late:
            at_the_end(partial(mechanism.claim, taking))
        else:
            mechanism.claim(taking)


def _hold(taking: Taking, wanted: Sequence[tuple[Mechanism, Sequence[Adjustment]]]) -> bool:
    """Write down what the mechanisms gave; False where that was written before."""
    rows = [
        (
            mechanism.name,
            json.dumps(plain(taken)),
            json.dumps(mechanism.conditions(taking)),
            -sum(each.amount_fen for each in taken if each.kind in mechanism.kinds),
            taking.quote.points_used if mechanism.name == Points.name else 0,
        )
        for mechanism, taken in wanted
    ]
    names, taken, conditions, amounts, points = map(list, zip(*rows, strict=True))
    given = {"mechanisms": names, "taken": taken, "conditions": conditions, "amounts": amounts, "points": points}
    return bool(_HOLD.run({"order": taking.order_number, "now": taking.now, **given}))


def confirm(*, order_number: str, member_id: int, paid_fen: int, now: datetime) -> None:
    """The order is paid: what it held is used, and its buyer is no new member any more, unless it was owed."""
    settling = Settling(order_number, member_id, paid_fen, now)
    claims = _locked(order_number, ClaimStatus.CLAIMED, ClaimStatus.CONFIRMED)
    for held in claims:
        if held.status == ClaimStatus.CLAIMED:
            BY_NAME[held.mechanism].confirm(settling)
            _move(held, ClaimStatus.CONFIRMED, now)
    if not any(is_owed(held.mechanism) for held in claims):
        confirm_first_purchase(member_id=member_id, order_number=order_number, now=now)


def release(*, order_number: str, now: datetime) -> None:
    """The order is given up unpaid: everything that it held is there again."""
    for held in _locked(order_number, ClaimStatus.CLAIMED):
        BY_NAME[held.mechanism].release(order_number, now)
        _move(held, ClaimStatus.RELEASED, now)


def complete(*, order_number: str, member_id: int, paid_fen: int, now: datetime) -> None:
    """The member has the goods: the claims are settled, and coupons for a purchase that is completed are given."""
    for used in _locked(order_number, ClaimStatus.CONFIRMED):
        _move(used, ClaimStatus.COMPLETED, now)
    reward(order_number=order_number, member_id=member_id, paid_fen=paid_fen, moment=Moment.COMPLETION, now=now)


def may_reward(*, paid_fen: int, moment: str, now: datetime) -> bool:
    """Whether coupons are given at this moment for a purchase of so much: most purchases bring none."""
    return gives_for_purchase(paid_fen=paid_fen, moment=moment, now=now)


def reward(*, order_number: str, member_id: int, paid_fen: int, moment: str, now: datetime) -> None:
    """Coupons that the order has earned its buyer at this moment, once."""
    give_for_purchase(member_id=member_id, order_number=order_number, paid_fen=paid_fen, moment=moment, now=now)


def plain(adjustments: Sequence[Adjustment]) -> list[Mapping[str, Any]]:
    """As JSON keeps them, in the words of this moment."""
    return [{**asdict(each), "label": str(each.label)} for each in adjustments]


def _locked(order_number: str, *statuses: ClaimStatus) -> list[PromotionClaim]:
    return _LOCK.all(PromotionClaim, [order_number, [str(each) for each in statuses]])


def _move(claimed: PromotionClaim, status: ClaimStatus, now: datetime) -> None:
    check_transition(CLAIM_TRANSITIONS, current=claimed.status, target=status)
    claimed.status = status
    setattr(claimed, claimed.stamp, now)
    claimed.save(update_fields=["status", claimed.stamp])
