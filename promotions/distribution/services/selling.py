"""What a paid order is worth to whom, and how that follows what is still paid for it.

All but a person's decisions are building blocks inside the caller's transaction, which holds the order; repeating
one changes nothing. Always: together an order's commissions of one level are their rates times what is still paid for
its lines, to the fen, and the ledger says the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from members.identity.models import Member
from points.rules.models import Earning
from promotions.distribution.errors import SaleNotHeld, SaleNotRefused, SaleRefused
from promotions.distribution.ledger import Move, book
from promotions.distribution.locks import lock_distributor, lock_sale, lock_sale_by_key
from promotions.distribution.models import Bucket, Commission, Distributor, EntryKind, Sale, Stage, Standing
from promotions.distribution.notices import tell_earned, tell_refused, tell_restored, tell_taken_back
from promotions.distribution.preferences import NOBODY, OWN_PURCHASES, SECOND_LEVEL, THEMSELVES
from promotions.distribution.rates import rates_of, shares
from promotions.distribution.screening import Destination, payer_digest, signs_of
from promotions.distribution.services.binding import binding_at, lock_for_good
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case

Review = Sale.Review
# Where the commission of an order lies, by how far it has come.
BUCKETS: dict[str, Bucket] = {
    Stage.FROZEN: Bucket.FROZEN,
    Stage.SETTLED: Bucket.SETTLED,
    Stage.RELEASED: Bucket.AVAILABLE,
}


@dataclass(frozen=True)
class SoldLine:
    position: int
    product_id: int
    quantity: int
    paid_fen: int


def sell(
    *,
    order_number: str,
    buyer_id: int,
    lines: Sequence[SoldLine],
    payer: str,
    sold_at: datetime,
    now: datetime,
    destination: Destination | None = None,
) -> Sale | None:
    """The order was paid at `sold_at`, by `payer` as the gateway knows them; None where nobody has sold it.

    Who sells is decided as it was at that instant, so that a late call finds the same. `destination` is where its
    parcels go, where it has any.
    """
    known = Sale.objects.filter(order_number=order_number).first()
    if known is not None:
        return known
    # First of all: what costs nothing makes nobody a customer for good.
    lines = [line for line in lines if line.paid_fen]
    beneficiaries = _beneficiaries(buyer_id, sold_at) if lines else []
    if not beneficiaries:
        return None
    # Locked, so that orders of one instant count each other.
    buyer, seller = Member.objects.get(pk=buyer_id), lock_distributor(pk=beneficiaries[0].pk)
    signs = signs_of(buyer=buyer, distributor=seller, payer=payer, destination=destination, sold_at=sold_at)
    paid = sum(line.paid_fen for line in lines)
    sale = Sale.objects.create(
        order_number=order_number,
        buyer=buyer,
        distributor=seller,
        review=Review.HELD if signs else Review.CLEAR,
        signs=signs,
        payer_digest=payer_digest(payer),
        paid_fen=paid,
        left_fen=paid,
        points=points_earned(order_number),
        sold_on=business_day(sold_at),
        sold_at=sold_at,
    )
    moves = [_earned(sale, beneficiary, level, lines) for level, beneficiary in enumerate(beneficiaries, start=1)]
    book(moves, now=now)
    for move in moves:
        tell_earned(sale, distributor_id=move.distributor_id, amount_fen=move.amount_fen, now=now)
    return sale


def follow_refunds(*, order_number: str, left_fen: dict[int, int], reference: str, now: datetime) -> int:
    """`left_fen` is still paid for each line, by position; returns how much was taken back, wherever it lay.

    It is counted anew from what is left, never added up from messages: in whatever order these come, and however
    often, the same remains. What was taken never comes back.
    """
    sale = lock_sale(order_number=order_number)
    if sale is None:
        return 0
    rows = list(sale.commissions.order_by("level", "position"))
    before, lines_before = (sale.left_fen, sale.points), [row.left_fen for row in rows]
    for row in rows:
        row.left_fen = min(row.left_fen, max(left_fen.get(row.position, row.left_fen), 0))
    first_level = [row.left_fen for row in rows if row.level == 1]
    sale.left_fen, sale.points = sum(first_level), points_earned(order_number)
    if (sale.left_fen, sale.points) != before:
        sale.save(update_fields=["left_fen", "points"])
    if [row.left_fen for row in rows] == lines_before:
        return 0
    moves = _recount(sale, rows, reference=reference, actor=None, now=now)
    for move in moves:
        tell_taken_back(sale, distributor_id=move.distributor_id, amount_fen=move.amount_fen, dedupe=reference, now=now)
    return sum(move.amount_fen for move in moves)


@use_case
def clear_sale(*, sale_id: int, actor: Actor, now: datetime) -> Sale:
    """A person has looked at it and found nothing wrong. Raises SaleNotHeld."""
    sale = lock_sale_by_key(pk=sale_id)
    if sale.review != Review.HELD:
        raise SaleNotHeld
    _reviewed(sale, Review.CLEAR, reason="", actor=actor, now=now)
    return sale


@use_case
def refuse_sale(*, sale_id: int, reason: str, actor: Actor, now: datetime) -> Sale:
    """It brings nobody anything, wherever its commission has come to: what was paid out already is owed.

    Raises SaleRefused.
    """
    sale = lock_sale_by_key(pk=sale_id)
    if sale.review == Review.REFUSED:
        raise SaleRefused
    _reviewed(sale, Review.REFUSED, reason=reason, actor=actor, now=now)
    rows = list(sale.commissions.order_by("level", "position"))
    for move in _recount(sale, rows, reference=f"review:{sale.order_number}", actor=actor, now=now):
        tell_refused(sale, distributor_id=move.distributor_id, amount_fen=move.amount_fen, now=now)
    return sale


@use_case
def restore_sale(*, sale_id: int, reason: str, actor: Actor, now: datetime) -> Sale:
    """It was refused by mistake: it is worth again what is still paid for it. Raises SaleNotRefused."""
    sale = lock_sale_by_key(pk=sale_id)
    if sale.review != Review.REFUSED:
        raise SaleNotRefused
    _reviewed(sale, Review.CLEAR, reason=reason, actor=actor, now=now)
    rows = list(sale.commissions.order_by("level", "position"))
    for move in _recount(sale, rows, reference=f"review:{sale.order_number}", actor=actor, now=now):
        tell_restored(sale, distributor_id=move.distributor_id, amount_fen=move.amount_fen, now=now)
    return sale


def points_earned(order_number: str) -> int:
    """What the buyer still has of the points that the order brought."""
    earning = Earning.objects.filter(reference=f"order:{order_number}").first()
    return earning.points_kept if earning else 0


def worth_by_beneficiary(sale: Sale) -> dict[int, int]:
    """What an order is worth to each distributor now, whatever the level."""
    rows = sale.commissions.values("distributor").annotate(fen=Sum("amount_fen")).order_by("distributor")
    return {row["distributor"]: row["fen"] for row in rows}


def _beneficiaries(buyer_id: int, at: datetime) -> list[Distributor]:
    """Who earns at the first level, and at the second where there is one."""
    seller = _seller(buyer_id, at)
    if seller is None:
        return []
    above = seller.recruiter if SECOND_LEVEL.value() else None
    return [seller, above] if above is not None and _earns(above) and above.member_id != buyer_id else [seller]


def _seller(buyer_id: int, at: datetime) -> Distributor | None:
    """Distributors are nobody's customers, paused ones neither: a setting says who earns when they buy."""
    own = Distributor.objects.select_related("member", "grade", "recruiter__member", "recruiter__grade")
    has_joined = (Standing.ACTIVE, Standing.PAUSED)
    mine = own.filter(member_id=buyer_id, standing__in=has_joined, joined_at__lte=at).first()
    if mine is not None:
        way = OWN_PURCHASES.value()
        if way == NOBODY:
            return None
        found = mine if way == THEMSELVES else mine.recruiter
        return found if found is not None and _earns(found) else None
    binding = binding_at(member_id=buyer_id, at=at)
    if binding is None or not _earns(binding.distributor) or binding.distributor.member_id == buyer_id:
        return None
    lock_for_good(binding=binding, at=at)
    return binding.distributor


def _earns(distributor: Distributor) -> bool:
    return distributor.standing == Standing.ACTIVE and distributor.member.status == Member.Status.ACTIVE


def _earned(sale: Sale, beneficiary: Distributor, level: int, lines: Sequence[SoldLine]) -> Move:
    rates = rates_of(grade=beneficiary.grade, product_ids=[line.product_id for line in lines])
    bp = [rates[line.product_id].at(level) for line in lines]
    worth = shares([line.paid_fen for line in lines], bp)
    Commission.objects.bulk_create(
        Commission(
            sale=sale,
            position=line.position,
            product_id=line.product_id,
            quantity=line.quantity,
            distributor=beneficiary,
            level=level,
            rate_bp=rate_bp,
            paid_fen=line.paid_fen,
            left_fen=line.paid_fen,
            earned_fen=fen,
            amount_fen=fen,
        )
        for line, rate_bp, fen in zip(lines, bp, worth, strict=True)
    )
    return Move(beneficiary.pk, EntryKind.EARNED, sum(worth), _reference(sale, level), sale.pk)


def _recount(
    sale: Sale, rows: Iterable[Commission], *, reference: str, actor: Actor | None, now: datetime
) -> list[Move]:
    """Bring the commissions of a locked sale to what is left of its lines, and the ledger with them."""
    moves = []
    for level in (1, 2):
        of_level = [row for row in rows if row.level == level]
        if not of_level:
            continue
        before = sum(row.amount_fen for row in of_level)
        rates_bp = [0 if sale.review == Review.REFUSED else row.rate_bp for row in of_level]
        for row, fen in zip(of_level, shares([row.left_fen for row in of_level], rates_bp), strict=True):
            row.amount_fen = fen
        change = sum(row.amount_fen for row in of_level) - before
        moves.append(
            Move(
                of_level[0].distributor_id,
                EntryKind.RESTORED if change > 0 else EntryKind.REVERSED,
                abs(change),
                f"{reference}:{level}",
                sale.pk,
                place=BUCKETS[sale.stage],
                actor=actor,
            )
        )
    Commission.objects.bulk_update(rows, ["left_fen", "amount_fen"])
    book(moves, now=now)
    return moves


def _reviewed(sale: Sale, review: Sale.Review, *, reason: str, actor: Actor, now: datetime) -> None:
    sale.review, sale.reason, sale.reviewed_by, sale.reviewed_at = review, reason, str(actor)[:80], now
    sale.save(update_fields=["review", "reason", "reviewed_by", "reviewed_at"])


def _reference(sale: Sale, level: int) -> str:
    return f"order:{sale.order_number}:{level}"
