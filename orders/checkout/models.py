"""Orders: what was bought at which price, and how far it has come. Prices are snapshots, never recomputed."""

from datetime import datetime, timedelta
from functools import cache

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from logistics.network.models import Store
from members.identity.models import Member
from shop.catalog.models import Product, Sku
from shop.core.actors import Actor
from shop.core.channels import CHANNEL_CHOICES
from shop.core.prepared import Prepared
from shop.core.state import check_transition


class OrderStatus(models.TextChoices):
    PENDING_PAYMENT = "pending_payment", _("Pending payment")
    PAID = "paid", _("Paid")
    ALLOCATED = "allocated", _("Allocated")
    PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    REFUNDED = "refunded", _("Refunded")


S = OrderStatus
TRANSITIONS: dict[str, frozenset[str]] = {
    S.PENDING_PAYMENT: frozenset({S.PAID, S.CANCELLED}),
    # What needs no parcel is completed as soon as it is given.
    S.PAID: frozenset({S.ALLOCATED, S.COMPLETED, S.REFUNDED}),
    S.ALLOCATED: frozenset({S.PARTLY_SHIPPED, S.SHIPPED, S.REFUNDED}),
    S.PARTLY_SHIPPED: frozenset({S.SHIPPED, S.REFUNDED}),
    S.SHIPPED: frozenset({S.DELIVERED, S.COMPLETED, S.REFUNDED}),
    S.DELIVERED: frozenset({S.COMPLETED, S.REFUNDED}),
    S.COMPLETED: frozenset({S.REFUNDED}),
    S.CANCELLED: frozenset(),
    S.REFUNDED: frozenset(),
}
# The column that remembers when a status was first reached.
_STAMPS: dict[str, str] = {
    S.PAID: "paid_at",
    S.SHIPPED: "shipped_at",
    S.DELIVERED: "delivered_at",
    S.COMPLETED: "completed_at",
    S.CANCELLED: "closed_at",
}


@cache
def _move(changed: tuple[str, ...]) -> Prepared:
    """Written out, because an order moves several times; it and its history in one statement."""
    changes = ", ".join(f"{column} = %({column})s" for column in changed)
    return Prepared(
        f"move_order_{len(changed)}",
        f"""
WITH moved AS (UPDATE checkout_order SET {changes} WHERE id = %(id)s::bigint)
INSERT INTO checkout_orderevent (order_id, status, actor, note, happened_at)
VALUES (%(id)s::bigint, %(status)s, %(actor)s, %(note)s, %(now)s)
""",
    )


class DepositStatus(models.TextChoices):
    AWAITED = "awaited", _("Deposit not paid yet")
    PAID = "paid", _("Deposit paid, balance awaited")
    SETTLED = "settled", _("Balance paid")
    LAPSED = "lapsed", _("Given up unpaid")
    KEPT = "kept", _("Deposit kept by the shop")
    RETURNED = "returned", _("Deposit given back")


DEPOSIT_TRANSITIONS: dict[str, frozenset[str]] = {
    DepositStatus.AWAITED: frozenset({DepositStatus.PAID, DepositStatus.LAPSED}),
    DepositStatus.PAID: frozenset({DepositStatus.SETTLED, DepositStatus.KEPT, DepositStatus.RETURNED}),
    DepositStatus.SETTLED: frozenset(),
    DepositStatus.LAPSED: frozenset(),
    DepositStatus.KEPT: frozenset(),
    DepositStatus.RETURNED: frozenset(),
}


class Flag(models.TextChoices):
    """Colours by which staff tell orders apart; what each means is for the shop to say."""

    RED = "red", _("Red flag")
    YELLOW = "yellow", _("Yellow flag")
    GREEN = "green", _("Green flag")
    BLUE = "blue", _("Blue flag")
    PURPLE = "purple", _("Purple flag")


class Order(models.Model):
    number = models.CharField(_("order number"), max_length=40, unique=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="orders", verbose_name=_("member"))
    status = models.CharField(_("status"), max_length=20, choices=OrderStatus, default=OrderStatus.PENDING_PAYMENT)
    goods_fen = models.PositiveBigIntegerField(_("goods (fen)"))
    discount_fen = models.PositiveBigIntegerField(_("discount (fen)"), default=0)
    freight_fen = models.PositiveIntegerField(_("freight (fen)"))
    payable_fen = models.PositiveBigIntegerField(_("payable (fen)"))
    paid_fen = models.PositiveBigIntegerField(_("paid (fen)"), default=0)
    # What is paid first, where the rest is paid later: see `Deposit`.
    deposit_fen = models.PositiveBigIntegerField(_("deposit (fen)"), default=0)
    recipient = models.JSONField(_("recipient"), null=True, blank=True)
    # The last four digits of the recipient's phone, for staff who search by them.
    phone_tail = models.CharField(_("phone tail"), max_length=4, blank=True)
    pickup_store = models.ForeignKey(
        Store, models.PROTECT, related_name="+", verbose_name=_("pickup store"), null=True, blank=True
    )
    # What was applied, each cause summed up over lines and freight, and what was not, with why.
    adjustments = models.JSONField(_("adjustments"), default=list, blank=True)
    rejections = models.JSONField(_("not applied"), default=list, blank=True)
    freight_adjustments = models.JSONField(_("adjustments of freight"), default=list, blank=True)
    # What each freight template asked for its goods, before adjustments.
    freight_parts = models.JSONField(_("freight by template"), default=list, blank=True)
    points_used = models.PositiveBigIntegerField(_("points used"), default=0)
    # The front from which it was placed, as that said; empty where it said nothing.
    channel = models.CharField(_("front"), max_length=20, choices=CHANNEL_CHOICES, blank=True)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    staff_remark = models.TextField(_("staff remark"), blank=True)
    # What after-sales have given back or promised to: money all told, of which freight, and points.
    refunded_fen = models.PositiveBigIntegerField(_("refunded (fen)"), default=0)
    refunded_freight_fen = models.PositiveBigIntegerField(_("freight refunded (fen)"), default=0)
    refunded_points = models.PositiveBigIntegerField(_("points given back"), default=0)
    flag = models.CharField(_("flag"), max_length=8, choices=Flag, blank=True)
    placed_at = models.DateTimeField(_("placed at"))
    expires_at = models.DateTimeField(_("pay before"))
    # Of goods that are ordered before they can be sent.
    ships_at = models.DateTimeField(_("sent from"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # While it is held an order does not complete itself; how long it was held since its clock began, with shipping and
    # anew with delivery, is added to its time.
    held_since = models.DateTimeField(_("completion held since"), null=True, blank=True)
    held_for = models.DurationField(_("completion held for"), default=timedelta)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.CheckConstraint(
                condition=Q(payable_fen=F("goods_fen") - F("discount_fen") + F("freight_fen")), name="order_adds_up"
            ),
            models.CheckConstraint(condition=Q(refunded_fen__lte=F("paid_fen")), name="order_refunds_what_was_paid"),
            models.CheckConstraint(
                condition=Q(refunded_freight_fen__lte=F("freight_fen")), name="order_refunds_its_freight"
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__lte=F("goods_fen") - F("discount_fen") + F("refunded_freight_fen")),
                name="order_refunds_its_goods",
            ),
            # A deposit is part of what the goods cost, and something is left to pay.
            models.CheckConstraint(
                condition=Q(deposit_fen=0)
                | Q(deposit_fen__lt=F("payable_fen"), deposit_fen__lte=F("goods_fen") - F("discount_fen")),
                name="order_deposit_is_a_part",
            ),
            models.CheckConstraint(condition=Q(refunded_points__lte=F("points_used")), name="order_refunds_its_points"),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="order_by_member"),
            models.Index(fields=["status", "-id"], name="order_by_status"),
            models.Index(fields=["expires_at"], condition=Q(status="pending_payment"), name="order_unpaid_due"),
            models.Index(fields=["shipped_at"], condition=Q(status="shipped"), name="order_on_its_way"),
            models.Index(fields=["delivered_at"], condition=Q(status="delivered"), name="order_to_complete"),
            models.Index(fields=["placed_at"], name="order_by_date"),
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="order_by_payment"),
            models.Index(fields=["phone_tail", "-id"], name="order_by_phone_tail"),
            # What staff narrow the list of orders by, newest first.
            models.Index(fields=["payable_fen"], name="order_by_amount"),
            models.Index(fields=["channel", "-id"], name="order_by_channel"),
            models.Index(
                fields=["pickup_store", "-id"], condition=Q(pickup_store__isnull=False), name="order_by_pickup_store"
            ),
            models.Index(fields=["flag", "-id"], condition=~Q(flag=""), name="order_by_flag"),
            models.Index(fields=["-id"], condition=~Q(remark=""), name="order_with_remark"),
            models.Index(fields=["-id"], condition=~Q(staff_remark=""), name="order_with_staff_remark"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def needs_parcel(self) -> bool:
        """What travels has a recipient; all else of the shop, such as services and codes, has none."""
        return self.recipient is not None

    @property
    def balance_fen(self) -> int:
        """What is left to pay after the deposit."""
        return self.payable_fen - self.deposit_fen

    @property
    def waits_for_balance(self) -> bool:
        return self.status == OrderStatus.PENDING_PAYMENT and self.paid_fen > 0

    @property
    def due_fen(self) -> int:
        """What the next payment of an unpaid order is of: its deposit where it has one, then the rest."""
        return self.deposit_fen if self.deposit_fen and not self.paid_fen else self.payable_fen - self.paid_fen

    def move_to(
        self, status: OrderStatus, *, actor: Actor, now: datetime, note: str = "", also: tuple[str, ...] = ()
    ) -> None:
        """Take the locked order to `status`, saving the fields named in `also` with it, and write its history.

        Raises IllegalTransition.
        """
        check_transition(TRANSITIONS, current=self.status, target=status)
        self.status = status
        stamp = _STAMPS.get(status)
        if stamp is not None:
            setattr(self, stamp, now)
        changed = ("status", *([stamp] if stamp else []), *also)
        values = {column: getattr(self, column) for column in changed}
        story = {"id": self.pk, "status": str(status), "actor": str(actor)[:80], "note": note, "now": now}
        _move(changed).run(values | story)


class Deposit(models.Model):
    """How an order is paid in two parts, as it was agreed on when it was placed; of `Order.deposit_fen`.

    Finance reads here what the shop has kept of orders whose balance was not paid.
    """

    order = models.OneToOneField(
        Order, models.CASCADE, primary_key=True, related_name="deposit", verbose_name=_("order")
    )
    status = models.CharField(_("status"), max_length=10, choices=DepositStatus, default=DepositStatus.AWAITED)
    balance_from = models.DateTimeField(_("balance from"))
    balance_until = models.DateTimeField(_("balance before"))
    back_if_missed = models.BooleanField(_("comes back when the balance is missed"))
    back_on_request = models.BooleanField(_("comes back when the member asks in time"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("settled, kept or given back at"), null=True, blank=True)
    # When the member was last told that the balance is due.
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        constraints = [
            models.CheckConstraint(condition=Q(balance_until__gt=F("balance_from")), name="deposit_balance_window"),
        ]
        indexes = [
            models.Index(fields=["balance_from"], condition=Q(status="paid"), name="deposit_awaits_balance"),
            models.Index(fields=["status", "-ended_at"], name="deposit_by_end"),
        ]

    def __str__(self) -> str:
        return self.order.number

    def comes_back(self, *, now: datetime) -> bool:
        """Whether it does when the order is given up now."""
        return self.back_on_request if now < self.balance_until else self.back_if_missed

    def move_to(self, status: DepositStatus, *, now: datetime, also: tuple[str, ...] = ()) -> None:
        """Inside the caller's transaction, which holds the order, saving the fields named in `also` with it.

        Raises IllegalTransition.
        """
        check_transition(DEPOSIT_TRANSITIONS, current=self.status, target=status)
        self.status = status
        stamp = "paid_at" if status == DepositStatus.PAID else "ended_at"
        setattr(self, stamp, now)
        self.save(update_fields=["status", stamp, *also])


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    position = models.PositiveSmallIntegerField(_("position"))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    product_name = models.CharField(_("product name"), max_length=160)
    sku_code = models.CharField(_("SKU code"), max_length=40)
    options = models.CharField(_("options"), max_length=200, blank=True)
    image_url = models.CharField(_("image"), max_length=300, blank=True)
    unit_price_fen = models.PositiveIntegerField(_("unit price (fen)"))
    quantity = models.PositiveIntegerField(_("quantity"))
    subtotal_fen = models.PositiveBigIntegerField(_("subtotal (fen)"))
    payable_fen = models.PositiveBigIntegerField(_("payable (fen)"))
    adjustments = models.JSONField(_("adjustments"), default=list, blank=True)
    # Given by a spend offer, for nothing.
    is_gift = models.BooleanField(_("gift"), default=False)
    weight_g = models.PositiveIntegerField(_("weight (g)"), default=0)
    volume_cm3 = models.PositiveIntegerField(_("volume (cm³)"), default=0)
    # Of its units: in after-sales that are open or done, and of those refunded or being so.
    units_claimed = models.PositiveIntegerField(_("units in after-sales"), default=0)
    units_returned = models.PositiveIntegerField(_("units refunded"), default=0)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_positive"),
            models.CheckConstraint(condition=Q(units_claimed__lte=F("quantity")), name="order_line_units_claimed"),
            models.CheckConstraint(
                condition=Q(units_returned__lte=F("units_claimed")), name="order_line_units_returned"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_code} × {self.quantity}"


class OrderEvent(models.Model):
    """Append-only history of an order: each move of its status, and by whom."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events", verbose_name=_("order"))
    status = models.CharField(_("status"), max_length=20, choices=OrderStatus)
    actor = models.CharField(_("by"), max_length=80)
    note = models.CharField(_("note"), max_length=200, blank=True)
    happened_at = models.DateTimeField(_("happened at"))

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["id"]
        # Who of the staff did what (`shop.core.audit`).
        indexes = [
            models.Index(fields=["-happened_at"], condition=Q(actor__startswith="staff:"), name="order_event_of_staff")
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.happened_at}"


class OrderRemark(models.Model):
    """Append-only: what staff remarked on an order, and the flag that they gave it, each time that they did."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="remarks", verbose_name=_("order"))
    text = models.TextField(_("staff remark"), blank=True)
    flag = models.CharField(_("flag"), max_length=8, choices=Flag, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("remark of the staff")
        verbose_name_plural = _("remarks of the staff")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text
