"""Who comes to the database of those who want to buy in a flash sale: what the gate answers, in words for members."""

from datetime import datetime

from promotions.campaigns.errors import ActivityNotFound, BudgetSpent
from promotions.flash_sale import gate
from promotions.flash_sale.errors import (
    FlashSaleLimitReached,
    FlashSaleNotStarted,
    FlashSaleOver,
    FlashSaleSoldOut,
)
from promotions.flash_sale.gate import Answer, State, Ticket
from promotions.flash_sale.live import live
from promotions.flash_sale.models import FlashSaleTally
from promotions.flash_sale.preferences import TRIES
from promotions.flash_sale.terms import units_to_be_had
from shop.catalog.errors import OutOfStock
from shop.core.api.idempotency import is_known
from shop.core.errors import DomainError, RateLimited

# What the database says when it knows better than the gate.
_BETTER_KNOWN = (FlashSaleSoldOut.code, FlashSaleLimitReached.code, BudgetSpent.code, OutOfStock.code)


def admit(ticket: Ticket, *, principal: str, now: datetime) -> Ticket | None:
    """Let the member in, with the ticket to be handed to `settle`, or without one where nothing was counted for it.

    Raises FlashSaleSoldOut, FlashSaleLimitReached, FlashSaleNotStarted, FlashSaleOver, ActivityNotFound, RateLimited.
    """
    answer = _ask(ticket, now)
    if answer is None or answer.outcome in (gate.AGAIN, gate.LOAD):
        return None
    if answer.outcome == gate.IN:
        return ticket
    # Who has bought may be repeating a request that was answered, even when Redis has lost what it knew of it.
    if answer.outcome != gate.BUSY and answer.value and is_known(principal=principal, key=ticket.key):
        return None
    raise _refusal(answer)


def look(ticket: Ticket, *, now: datetime) -> None:
    """Turn away whoever only asks for the price of what is not to be had, as `admit` would; nothing is taken.

    What is unknown to the gate passes: the request may name it wrongly, and is told so where it is read.
    """
    answer = _ask(ticket, now, looks=True)
    if answer is not None and answer.outcome not in (gate.IN, gate.LOAD, gate.GONE):
        raise _refusal(answer)


def settle(ticket: Ticket, *, is_placed: bool, refusal: str | None) -> None:
    """The order was placed, or why it was not: then others may have the units that the gate had counted for it."""
    if is_placed:
        return
    if refusal in _BETTER_KNOWN:
        gate.forget_ticket(ticket)
    else:
        gate.give_back(ticket)


def _ask(ticket: Ticket, now: datetime, *, looks: bool = False) -> Answer | None:
    answer = gate.ask(ticket, tries=TRIES.value(), now=now, looks=looks)
    if answer is None or answer.outcome != gate.LOAD:
        return answer
    _load(ticket.item_id, with_members=not answer.value)
    return gate.ask(ticket, tries=TRIES.value(), now=now, looks=looks)


def _load(item_id: int, *, with_members: bool) -> None:
    item = live().items.get(item_id)
    left = units_to_be_had(item) if item else None
    if item is None or left is None:
        gate.store(item_id, State(), {} if with_members else None)
        return
    members = None
    if with_members:
        members = dict(FlashSaleTally.objects.filter(item=item_id, units__gt=0).values_list("member", "units"))
    gate.store(item_id, State(left, item.limit_per_member, item.starts_at, item.ends_at), members)


def _refusal(answer: Answer) -> DomainError:
    if answer.outcome == gate.BUSY:
        return RateLimited(retry_after=max(-(-answer.value // 1000), 1))
    if answer.outcome == gate.LIMIT:
        return FlashSaleLimitReached(limit=answer.limit)
    refusals: dict[int, type[DomainError]] = {
        gate.GONE: ActivityNotFound,
        gate.EARLY: FlashSaleNotStarted,
        gate.OVER: FlashSaleOver,
        gate.SOLD_OUT: FlashSaleSoldOut,
    }
    return refusals[answer.outcome]()
