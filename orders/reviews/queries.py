"""Reads of reviews: those of a product as everybody sees them, those of a member, and figures for staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Avg, Count, Q, QuerySet

from members.uploads.addresses import picture
from orders.reviews.models import FollowUp, Review, ReviewTally, Said, Status
from shop.catalog.cache import EVERYTHING, Loaded, fetch
from shop.core.api.pagination import slice_page


@dataclass(frozen=True)
class ReviewQuery:
    """What a front asks of a product's reviews, newest first."""

    rating: int | None
    with_images: bool
    cursor: str | None
    limit: int

    @property
    def name(self) -> str:
        return f"{self.rating or '-'}:{int(self.with_images)}:{self.limit}:{self.cursor or ''}"


def product_reviews(*, product_id: int, query: ReviewQuery, now: datetime) -> bytes:
    """A page of the product's reviews with their counts, from the cache or read in two queries.

    Raises InvalidCursor.
    """

    def load(names: list[str]) -> dict[str, Loaded]:
        rows, following = slice_page(
            _shown(product_id, query), ordering=["-pk"], cursor=query.cursor, limit=query.limit
        )
        page = {"summary": _summary(product_id), "items": [_public(row) for row in rows], "next_cursor": following}
        return {names[0]: Loaded(orjson.dumps(page))}

    name = f"{product_id}:{query.name}"
    return fetch(kind="reviews", names=[name], versions=[EVERYTHING, str(product_id)], load=load, now=now)[name]


def reviews_of(*, member_id: int) -> QuerySet[Review]:
    """The member's own, whatever became of them, but for those that they withdrew or never wrote."""
    own = Review.objects.filter(member_id=member_id, is_default=False).exclude(status=Status.WITHDRAWN)
    return own.select_related("line__order", "follow_up")


def present_own(review: Review) -> dict[str, Any]:
    """As its member sees it: with what the shop decided, and private pictures."""
    added = follow_up_of(review)
    return {
        "id": review.pk,
        "order_number": review.line.order.number,
        "line_id": review.line_id,
        "product_id": review.product_id,
        "product_name": review.line.product_name,
        "options": review.line.options,
        "product_image_url": review.line.image_url,
        "rating": review.rating,
        "anonymous": review.is_anonymous,
        **_own_words(review),
        "follow_up": _own_words(added) if added else None,
        "reply": _reply(review),
    }


def follow_up_of(review: Review) -> FollowUp | None:
    return getattr(review, "follow_up", None)


def figures(*, since: datetime) -> dict[str, Any]:
    """Of the reviews that were really written since: how many, their mean, how many of the bad ones have no reply."""
    written = Review.objects.filter(written_at__gte=since, is_default=False, status=Status.APPROVED)
    return written.aggregate(
        written=Count("pk"), mean=Avg("rating"), bad=Count("pk", filter=Q(rating__lte=2, replied_at=None))
    )


def _shown(product_id: int, query: ReviewQuery) -> QuerySet[Review]:
    shown = Review.objects.filter(product_id=product_id, status=Status.APPROVED)
    if query.rating is not None:
        shown = shown.filter(rating=query.rating, is_default=False)
    if query.with_images:
        shown = shown.exclude(pictures=[])
    return shown.select_related("member", "line", "follow_up")


def _summary(product_id: int) -> dict[str, Any]:
    tally = ReviewTally.objects.filter(pk=product_id).first() or ReviewTally(product_id=product_id)
    return {
        "rating": round(tally.stars / tally.reviews, 1) if tally.reviews else None,
        "review_count": tally.reviews,
        "stars": {str(rating): count for rating, count in tally.by_stars.items()},
        "with_images": tally.with_pictures,
    }


def _public(review: Review) -> dict[str, Any]:
    added = follow_up_of(review)
    shown = added if added and added.status == Status.APPROVED else None
    return {
        "id": review.pk,
        "rating": review.rating,
        "content": review.content,
        "images": [picture(each, public=True) for each in review.pictures],
        "author": _author(review),
        "options": review.line.options,
        "default": review.is_default,
        "written_at": review.written_at,
        "follow_up": {
            "content": shown.content,
            "images": [picture(each, public=True) for each in shown.pictures],
            "written_at": shown.written_at,
        }
        if shown
        else None,
        "reply": _reply(review),
    }


def _author(review: Review) -> dict[str, Any]:
    """Of somebody who wants to stay unknown, the first and the last character at most."""
    name = review.member.nickname
    if review.is_anonymous:
        name = f"{name[0]}***{name[-1] if len(name) > 2 else ''}" if name else "***"
        return {"nickname": name, "avatar_url": "", "anonymous": True}
    return {"nickname": name, "avatar_url": review.member.avatar_url, "anonymous": False}


def _reply(review: Review) -> dict[str, Any] | None:
    return {"content": review.reply, "replied_at": review.replied_at} if review.reply else None


def _own_words(said: Said) -> dict[str, Any]:
    return {
        "content": said.content,
        "images": [picture(each) for each in said.pictures],
        "status": said.status,
        "reason": said.reason if said.status == Status.REJECTED else "",
        "written_at": said.written_at,
    }
