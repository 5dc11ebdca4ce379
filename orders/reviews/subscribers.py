"""What follows from reviews: points, chances to draw, and what members are told."""

from orders.checkout.facts import OrderCompleted
from orders.reviews.facts import ReviewApproved, ReviewRejected, ReviewReplied, ReviewTakenDown
from orders.reviews.models import Review, Status
from orders.reviews.notices import tell_invited, tell_rejected, tell_replied
from points.tasks.locks import lock_doer, lock_earner
from points.tasks.models import Kind
from points.tasks.services import record_task_event, take_back_task_event
from promotions.lottery.models import Source
from promotions.lottery.services import give_chances, take_back_chances
from shop.core import clock
from shop.core.events import subscribe


@subscribe(ReviewApproved)
def reward(fact: ReviewApproved) -> None:
    """Once for each line, and not where it was taken down meanwhile: the member's lock puts the two in order."""
    lock_earner(member_id=fact.member_id)
    if Review.objects.filter(pk=fact.review_id, status=Status.APPROVED).exists():
        reference = f"review:{fact.line_id}"
        record_task_event(kind=Kind.REVIEW, member_id=fact.member_id, reference=reference, at=fact.at, now=clock.now())


@subscribe(ReviewApproved)
def give_draw_chances(fact: ReviewApproved) -> None:
    """The same for lotteries that give chances for reviews."""
    member = lock_earner(member_id=fact.member_id)
    if member is not None and Review.objects.filter(pk=fact.review_id, status=Status.APPROVED).exists():
        reference = f"review:{fact.line_id}"
        give_chances(source=Source.REVIEW, member_id=member.pk, reference=reference, now=fact.at)


@subscribe(ReviewTakenDown)
def take_draw_chances_back(fact: ReviewTakenDown) -> None:
    lock_doer(member_id=fact.member_id)
    take_back_chances(reference=f"review:{fact.line_id}", now=clock.now())


@subscribe(ReviewTakenDown)
def take_reward_back(fact: ReviewTakenDown) -> None:
    take_back_task_event(
        kind=Kind.REVIEW, member_id=fact.member_id, reference=f"review:{fact.line_id}", now=clock.now()
    )


@subscribe(OrderCompleted)
def invite_to_review(fact: OrderCompleted) -> None:
    tell_invited(order_number=fact.number, now=fact.at)


@subscribe(ReviewReplied)
def tell_of_reply(fact: ReviewReplied) -> None:
    tell_replied(review_id=fact.review_id, now=fact.at)


@subscribe(ReviewRejected)
def tell_of_rejection(fact: ReviewRejected) -> None:
    tell_rejected(review_id=fact.review_id, reason=fact.reason, now=fact.at)
