"""What reviews tell, also to this room itself: points follow later, in a transaction of their own."""

from datetime import datetime

from shop.core.events import Fact


class ReviewApproved(Fact):
    """A review that was really written is shown to everybody, for the first time or again."""

    review_id: int
    line_id: int
    product_id: int
    member_id: int
    rating: int
    has_pictures: bool
    at: datetime


class ReviewTakenDown(Fact):
    """A review was withdrawn by its member, or hidden for abuse: it did not count after all."""

    review_id: int
    line_id: int
    product_id: int
    member_id: int
    at: datetime


class ReviewReplied(Fact):
    """The shop has replied for the first time."""

    review_id: int
    member_id: int
    at: datetime


class ReviewRejected(Fact):
    """A review, or what was added to it, will not be shown; `reason` is for its member to read."""

    review_id: int
    member_id: int
    reason: str
    at: datetime
