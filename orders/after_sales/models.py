"""After-sales: money without goods, money for goods that come back, goods for goods; by line and quantity.

Always: an after-sale moves along `TRANSITIONS` only, one step written down for each move; the units that it is about
belong to no other open after-sale; what it refunds is fixed once, when the refund is asked for, one after the other for
each order, so that what an order gives back in parts sums up to what the parts would give back together, and never
to more than was paid, in money, freight and points each.

An open after-sale stops the clock that completes its order (`orders.checkout.services.progress`): nobody loses the
right to complain by waiting for an answer. What is left of an order that was refunded in part completes as any other.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from logistics.network.models import Warehouse
from members.identity.models import Member
from orders.checkout.models import Order, OrderLine
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.state import check_transition


class Kind(models.TextChoices):
    REFUND = "refund", pgettext_lazy("after-sale", "Refund only")
    RETURN = "return", pgettext_lazy("after-sale", "Return and refund")
    EXCHANGE = "exchange", pgettext_lazy("after-sale", "Exchange")


class Reason(models.TextChoices):
    UNWANTED = "unwanted", _("No longer wanted")
    WRONG_CHOICE = "wrong_choice", _("Chose the wrong size, colour or quantity")
    NOT_RECEIVED = "not_received", _("Did not arrive")
    DAMAGED = "damaged", _("Arrived damaged")
    DEFECTIVE = "defective", _("Does not work as it should")
    NOT_AS_DESCRIBED = "not_as_described", _("Is not as described")
    WRONG_GOODS = "wrong_goods", _("Something else was sent")
    MISSING = "missing", _("Something was missing")
    OTHER = "other", pgettext_lazy("after-sale", "Another reason")
    CALLED_OFF = "called_off", _("Called off by the shop")


# Reasons for which the shop answers, with its freight.
SHOP_AT_FAULT = frozenset(
    {
        Reason.NOT_RECEIVED,
        Reason.DAMAGED,
        Reason.DEFECTIVE,
        Reason.NOT_AS_DESCRIBED,
        Reason.WRONG_GOODS,
        Reason.MISSING,
        Reason.CALLED_OFF,
    }
)
# Those that somebody may ask with.
ASKED_FOR = tuple((value, label) for value, label in Reason.choices if value != Reason.CALLED_OFF)


class Status(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("after-sale", "Waiting for the shop")
    AWAITING_GOODS = "awaiting_goods", pgettext_lazy("after-sale", "Waiting for the goods to be sent back")
    UNDER_WAY = "under_way", pgettext_lazy("after-sale", "Goods on their way back")
    DISPUTED = "disputed", pgettext_lazy("after-sale", "Goods not accepted by the shop")
    RECEIVED = "received", pgettext_lazy("after-sale", "Goods received")
    SECOND_APPROVAL = "second_approval", pgettext_lazy("after-sale", "Waiting for a second approval")
    REFUNDING = "refunding", pgettext_lazy("after-sale", "Refunding")
    REPLACING = "replacing", pgettext_lazy("after-sale", "Preparing the replacement")
    REPLACEMENT_SENT = "replacement_sent", pgettext_lazy("after-sale", "Replacement on its way")
    COMPLETED = "completed", pgettext_lazy("after-sale", "Completed")
    REFUSED = "refused", pgettext_lazy("after-sale", "Refused")
    CANCELLED = "cancelled", pgettext_lazy("after-sale", "Withdrawn by the member")
    CLOSED = "closed", pgettext_lazy("after-sale", "Closed: goods not sent in time")


S = Status
TRANSITIONS: Mapping[str, frozenset[str]] = {
    S.REQUESTED: frozenset({S.AWAITING_GOODS, S.SECOND_APPROVAL, S.REFUNDING, S.REFUSED, S.CANCELLED}),
    S.AWAITING_GOODS: frozenset({S.UNDER_WAY, S.RECEIVED, S.CANCELLED, S.CLOSED}),
    S.UNDER_WAY: frozenset({S.RECEIVED, S.DISPUTED}),
    S.DISPUTED: frozenset({S.RECEIVED, S.REFUSED}),
    S.RECEIVED: frozenset({S.SECOND_APPROVAL, S.REFUNDING, S.REPLACING}),
    # Who refuses the second approval leaves it to the first to decide anew, or ends what no goods came back for. Goods
    # that left while it was waited for come back first.
    S.SECOND_APPROVAL: frozenset({S.REFUNDING, S.RECEIVED, S.REFUSED, S.AWAITING_GOODS}),
    S.REFUNDING: frozenset({S.COMPLETED}),
    # A replacement that cannot be sent is given up for a refund.
    S.REPLACING: frozenset({S.REPLACEMENT_SENT, S.RECEIVED}),
    S.REPLACEMENT_SENT: frozenset({S.COMPLETED}),
    S.COMPLETED: frozenset(),
    S.REFUSED: frozenset(),
    S.CANCELLED: frozenset(),
    S.CLOSED: frozenset(),
}
ENDED = tuple(status for status, following in TRANSITIONS.items() if not following)
OPEN = tuple(status for status in TRANSITIONS if status not in ENDED)
# What waits for the shop, the member, or somebody else.
WAITS_FOR_SHOP = (S.REQUESTED, S.DISPUTED, S.RECEIVED, S.SECOND_APPROVAL)


class AfterSale(models.Model):
    """`policy` is what the shop's settings said when it was asked for; `assessment` what they give back: an estimate
    until the refund is asked for, fixed from then on. Replacements are sent under the after-sale's own number.
    """

    number = models.CharField(_("after-sale number"), max_length=32, unique=True)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="after_sales", verbose_name=_("order"), db_index=False
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="after_sales", verbose_name=_("member"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.REQUESTED)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    description = models.CharField(_("description"), max_length=500, blank=True)
    # Ids of the member's pictures (`members.uploads`).
    images = models.JSONField(_("evidence"), default=list, blank=True)
    asked_by = models.CharField(_("asked by"), max_length=80)
    asked_at = models.DateTimeField(_("asked at"))
    again_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked again after")
    )
    policy = models.JSONField(_("policy"), default=dict, blank=True)
    assessment = models.JSONField(_("assessment"), default=dict, blank=True)
    # In money all told, of which freight.
    refund_fen = models.PositiveBigIntegerField(_("refund (fen)"), default=0)
    refund_freight_fen = models.PositiveBigIntegerField(_("refund of freight (fen)"), default=0)
    refund_points = models.PositiveBigIntegerField(_("points given back"), default=0)
    # Kept by the shop for what came back worse than it went, agreed with the member.
    withheld_fen = models.PositiveBigIntegerField(_("withheld (fen)"), default=0)
    withheld_for = models.CharField(_("withheld for"), max_length=200, blank=True)
    # The shop's words to the member: why it refuses, where the goods go.
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    second_by = models.CharField(_("second approval by"), max_length=80, blank=True)
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("goods go to")
    )
    carrier = models.CharField(_("member's carrier"), max_length=40, blank=True)
    tracking_number = models.CharField(_("member's tracking number"), max_length=40, blank=True)
    received_at = models.DateTimeField(_("goods received at"), null=True, blank=True)
    refunding_at = models.DateTimeField(_("refund asked for at"), null=True, blank=True)
    # When the clock acts; what it then does follows from the status (`orders.after_sales.services.deadlines`).
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("after-sale")
        verbose_name_plural = _("after-sales")
        permissions = [
            ("receive_aftersale", _("Receive goods that come back")),
            ("countersign_aftersale", _("Give second approvals of refunds")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(refund_freight_fen__lte=F("refund_fen")), name="after_sale_freight_is_part"
            ),
            models.CheckConstraint(
                condition=Q(status__in=ENDED, ended_at__isnull=False, due_at=None)
                | ~Q(status__in=ENDED) & Q(ended_at=None),
                name="after_sale_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(refunding_at=None) | Q(status__in=["refunding", "completed"]),
                name="after_sale_refunds_when_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="after_sale_by_member"),
            models.Index(fields=["order", "-id"], name="after_sale_by_order"),
            models.Index(fields=["status", "-id"], name="after_sale_by_status"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="after_sale_due"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def shop_at_fault(self) -> bool:
        return self.reason in SHOP_AT_FAULT

    def move_to(self, status: Status, *, actor: Actor, now: datetime, note: str = "") -> None:
        """Take the locked after-sale to `status`, save it, and write its history. Raises IllegalTransition."""
        check_transition(TRANSITIONS, current=self.status, target=status)
        self.status = status
        if status in ENDED:
            self.ended_at, self.due_at = now, None
        self.save()
        self.tell(actor=actor, now=now, note=note)

    def tell(self, *, actor: Actor, now: datetime, note: str = "") -> None:
        """Write down what was done, under the present status."""
        AfterSaleEvent.objects.create(
            after_sale=self, status=self.status, actor=str(actor)[:80], note=note[:500], happened_at=now
        )


class AfterSaleLine(models.Model):
    """Units of an order's line. `units_refunded` and the shares are fixed with the refund, an estimate before."""

    after_sale = models.ForeignKey(
        AfterSale, models.CASCADE, related_name="lines", verbose_name=_("after-sale"), db_index=False
    )
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="after_sale_lines", verbose_name=_("order line")
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    # Had not left when they were asked for: they are taken out of fulfilment, and nothing of them comes back.
    units_unshipped = models.PositiveIntegerField(_("units not shipped"), default=0)
    units_sound = models.PositiveIntegerField(_("received sound"), default=0)
    units_damaged = models.PositiveIntegerField(_("received damaged"), default=0)
    units_refunded = models.PositiveIntegerField(_("units refunded"), default=0)
    cash_fen = models.PositiveBigIntegerField(_("money (fen)"), default=0)
    points = models.PositiveBigIntegerField(_("points"), default=0)
    coupon_fen = models.PositiveBigIntegerField(_("taken off by coupons (fen)"), default=0)
    # What is sent in exchange: another SKU of the same product, or the same again.
    replacement_sku = models.ForeignKey(
        Sku, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("replacement")
    )

    class Meta:
        verbose_name = _("line of an after-sale")
        verbose_name_plural = _("lines of after-sales")
        ordering = ["order_line__position"]
        constraints = [
            models.UniqueConstraint(fields=["after_sale", "order_line"], name="after_sale_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="after_sale_line_of_something"),
            models.CheckConstraint(condition=Q(units_refunded__lte=F("quantity")), name="after_sale_units_refunded"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("units_sound") + F("units_damaged") + F("units_unshipped")),
                name="after_sale_units_received",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} × {self.quantity}"

    @property
    def units_received(self) -> int:
        return self.units_sound + self.units_damaged

    @property
    def units_to_send(self) -> int:
        """What the member has and sends back."""
        return self.quantity - self.units_unshipped


class AfterSaleEvent(models.Model):
    """Append-only history: each step, by whom, and what was said."""

    after_sale = models.ForeignKey(
        AfterSale, models.CASCADE, related_name="events", verbose_name=_("after-sale"), db_index=False
    )
    status = models.CharField(_("status"), max_length=16, choices=Status)
    actor = models.CharField(_("by"), max_length=80)
    note = models.CharField(_("note"), max_length=500, blank=True)
    happened_at = models.DateTimeField(_("happened at"))

    class Meta:
        verbose_name = _("event of an after-sale")
        verbose_name_plural = _("events of after-sales")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["-happened_at"], condition=Q(actor__startswith="staff:"), name="after_sale_event_of_staff"
            ),
            models.Index(fields=["after_sale", "id"], name="after_sale_history"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.happened_at}"
