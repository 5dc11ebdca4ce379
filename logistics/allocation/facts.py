"""What becomes true about an order's allocation."""

from datetime import datetime

from shop.core.events import Fact


class OrderAllocated(Fact, frozen=True):
    """Every unit of the order is promised by a warehouse; one allocation per warehouse."""

    order_number: str
    allocation_numbers: list[str]
    at: datetime


class FulfilmentCancelled(Fact, frozen=True):
    """Nothing of the order will be shipped; its units are free again."""

    order_number: str
    at: datetime


class FulfilmentReduced(Fact, frozen=True):
    """Units were taken out before they were shipped; allocations that held them are released, the rest of their units
    has allocations of its own."""

    order_number: str
    at: datetime


class AllocationRejected(Fact, frozen=True):
    """A warehouse does not send what it was asked for: those units wait for another, their allocation is released."""

    order_number: str
    allocation_number: str
    at: datetime


class FulfilmentRepacked(Fact, frozen=True):
    """The same units are to be packed in other parcels, or go elsewhere; the allocations that held them are released
    and others stand in their place."""

    order_number: str
    at: datetime
