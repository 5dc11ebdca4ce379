"""What buyers say of what they bought.

Always: a line of an order is reviewed once at most; only what is approved is shown, and only what is shown and was
really written counts towards its product (`ReviewTally`, by stars, from which the product has its rating).
"""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member
from orders.checkout.models import OrderLine
from shop.catalog.models import Product
from shop.core.actors import Actor
from shop.core.state import check_transition

MOST_CHARACTERS = 500
MOST_PICTURES = 9


class Status(models.TextChoices):
    PENDING = "pending", pgettext_lazy("of a review", "Waiting for approval")
    APPROVED = "approved", pgettext_lazy("of a review", "Shown")
    REJECTED = "rejected", pgettext_lazy("of a review", "Rejected")
    HIDDEN = "hidden", pgettext_lazy("of a review", "Hidden")
    WITHDRAWN = "withdrawn", pgettext_lazy("of a review", "Withdrawn by the member")


S = Status
TRANSITIONS: Mapping[str, frozenset[str]] = {
    S.PENDING: frozenset({S.APPROVED, S.REJECTED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.HIDDEN, S.WITHDRAWN}),
    # Who was rejected may write again.
    S.REJECTED: frozenset({S.PENDING, S.APPROVED, S.WITHDRAWN}),
    S.HIDDEN: frozenset({S.APPROVED, S.WITHDRAWN}),
    S.WITHDRAWN: frozenset(),
}


class Said(models.Model):
    """Words and pictures of a member, and what the shop decided about them. `pictures` are ids of uploads."""

    content = models.TextField(_("content"), max_length=MOST_CHARACTERS, blank=True)
    pictures = ArrayField(models.CharField(max_length=32), verbose_name=_("pictures"), default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    written_at = models.DateTimeField(pgettext_lazy("of a review", "written at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)

    class Meta:
        abstract = True

    def decide(self, status: Status, *, actor: Actor, now: datetime, reason: str = "") -> None:
        """Take the locked row to `status`, without saving it. Raises IllegalTransition."""
        check_transition(TRANSITIONS, current=self.status, target=status)
        self.status, self.reason, self.decided_at, self.decided_by = status, reason, now, str(actor)[:80]


class Review(Said):
    """Of one line of an order. `is_default` marks the good review that the shop takes silence for, where it does."""

    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="review", verbose_name=_("order line"))
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="reviews", verbose_name=_("product"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="reviews", verbose_name=_("member"), db_index=False)
    rating = models.PositiveSmallIntegerField(_("stars"))
    is_anonymous = models.BooleanField(_("anonymous"), default=False)
    is_default = models.BooleanField(_("default review"), default=False)
    reply = models.TextField(_("reply of the shop"), max_length=MOST_CHARACTERS, blank=True)
    replied_at = models.DateTimeField(_("replied at"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("by a buyer", "review")
        verbose_name_plural = pgettext_lazy("by a buyer", "reviews")
        constraints = [
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_one_to_five_stars"),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(content="", pictures=[]), name="review_of_silence"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "-id"], condition=Q(status="approved"), name="review_shown"),
            models.Index(
                fields=["product", "rating", "-id"],
                condition=Q(status="approved", is_default=False),
                name="review_shown_by_stars",
            ),
            models.Index(
                fields=["product", "-id"],
                condition=Q(status="approved") & ~Q(pictures=[]),
                name="review_shown_with_pictures",
            ),
            models.Index(fields=["member", "-id"], name="review_by_member"),
            models.Index(fields=["written_at"], condition=Q(status="pending"), name="review_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {'★' * self.rating}"

    @property
    def reference(self) -> str:
        """How its pictures and points know it."""
        return f"review:{self.line_id}"

    @property
    def counts(self) -> bool:
        return self.status == Status.APPROVED and not self.is_default


class FollowUp(Said):
    """What the buyer has to add after some time, once."""

    review = models.OneToOneField(
        Review,
        models.PROTECT,
        related_name="follow_up",
        primary_key=True,
        verbose_name=pgettext_lazy("by a buyer", "review"),
    )

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        indexes = [
            models.Index(fields=["written_at"], condition=Q(status="pending"), name="follow_up_waiting"),
        ]

    def __str__(self) -> str:
        return self.content


class ReviewTally(models.Model):
    """How many reviews of a product count, by stars, and how many of them have pictures."""

    product = models.OneToOneField(
        Product, models.PROTECT, related_name="review_tally", primary_key=True, verbose_name=_("product")
    )
    star_1 = models.PositiveIntegerField(default=0)
    star_2 = models.PositiveIntegerField(default=0)
    star_3 = models.PositiveIntegerField(default=0)
    star_4 = models.PositiveIntegerField(default=0)
    star_5 = models.PositiveIntegerField(default=0)
    with_pictures = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("reviews of a product")
        verbose_name_plural = _("reviews of products")
        constraints = [
            models.CheckConstraint(
                condition=Q(with_pictures__lte=F("star_1") + F("star_2") + F("star_3") + F("star_4") + F("star_5")),
                name="review_tally_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.reviews}"

    @property
    def by_stars(self) -> dict[int, int]:
        return {rating: getattr(self, f"star_{rating}") for rating in range(1, 6)}

    @property
    def reviews(self) -> int:
        return sum(self.by_stars.values())

    @property
    def stars(self) -> int:
        return sum(rating * count for rating, count in self.by_stars.items())


class ReviewEvent(models.Model):
    """Append-only: what happened to a review, and by whom. `note` is a reason, or a reply as it was written."""

    class What(models.TextChoices):
        WRITTEN = "written", pgettext_lazy("of a review", "Written")
        WRITTEN_AGAIN = "written_again", pgettext_lazy("of a review", "Written again")
        FOLLOWED_UP = "followed_up", pgettext_lazy("of a review", "Followed up")
        APPROVED = "approved", pgettext_lazy("of a review", "Approved")
        REJECTED = "rejected", pgettext_lazy("of a review", "Rejected")
        HIDDEN = "hidden", pgettext_lazy("of a review", "Hidden")
        HIDDEN_FOR_ABUSE = "hidden_for_abuse", pgettext_lazy("of a review", "Hidden for abuse, points taken back")
        FOLLOW_UP_APPROVED = "follow_up_approved", pgettext_lazy("of a review", "Follow-up approved")
        FOLLOW_UP_REJECTED = "follow_up_rejected", pgettext_lazy("of a review", "Follow-up rejected")
        FOLLOW_UP_HIDDEN = "follow_up_hidden", pgettext_lazy("of a review", "Follow-up hidden")
        WITHDRAWN = "withdrawn", pgettext_lazy("of a review", "Withdrawn by the member")
        REPLIED = "replied", pgettext_lazy("of a review", "Replied")

    review = models.ForeignKey(
        Review, models.CASCADE, related_name="events", verbose_name=pgettext_lazy("by a buyer", "review")
    )
    what = models.CharField(_("what"), max_length=20, choices=What)
    note = models.TextField(_("note"), blank=True)
    actor = models.CharField(_("by"), max_length=80)
    happened_at = models.DateTimeField(_("happened at"))

    class Meta:
        verbose_name = _("event of a review")
        verbose_name_plural = _("events of reviews")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.what} {self.happened_at}"
