"""Points: what each member has, in lots, and every posting that made it so.

Always: postings are never changed; those of a transaction sum to zero, the shop's own counters included; an account
and its lots are what the postings on them add up to; nothing is negative; whoever is in debt has nothing to spend.
All rows are written by `posting` and `settling` only, under the lock of their accounts.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)
# When the database transaction ends, whatever statement added to it; one without entries is refused too.
SUMS_TO_ZERO = pgtrigger.Trigger(
    name="sums_to_zero",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    timing=pgtrigger.Deferred,
    func="""
        IF (SELECT coalesce(sum(amount), 1) FROM ledger_pointentry WHERE transaction_id = NEW.id) <> 0 THEN
            RAISE EXCEPTION 'point transaction % does not sum to zero', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'point_entries_sum_to_zero';
        END IF;
        RETURN NULL;
    """,
)
# At once, of a million entries in one look: what is added to an old transaction later must sum to zero by itself.
ADDED_IN_BALANCE = pgtrigger.Trigger(
    name="added_in_balance",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="added"),
    func="""
        IF EXISTS (SELECT FROM added GROUP BY transaction_id HAVING sum(amount) <> 0) THEN
            RAISE EXCEPTION 'point entries do not sum to zero'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'point_entries_sum_to_zero';
        END IF;
        RETURN NULL;
    """,
)


class ExpiryPolicy(models.Model):
    """A name for how points expire; rules and campaigns point to it, the newest of its versions holds."""

    name = models.CharField(_("name"), max_length=60, unique=True, blank=True)
    is_default = models.BooleanField(_("for points without a policy of their own"), default=False)

    class Meta:
        verbose_name = _("expiry policy")
        verbose_name_plural = _("expiry policies")
        ordering = ["-is_default", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="expiry_one_default")
        ]

    def __str__(self) -> str:
        return self.name or str(_("Default policy"))


class ExpiryVersion(models.Model):
    """One version of an expiry policy. Points keep the one they were granted under."""

    class Kind(models.TextChoices):
        ANNUAL = "annual", _("Cleared once a year")
        ROLLING = "rolling", _("A number of months, to the end of the month")
        FIXED = "fixed", _("On a fixed date")
        INACTIVITY = "inactivity", _("A number of months without earning or spending")
        NEVER = "never", pgettext_lazy("of points", "Never")

    policy = models.ForeignKey(
        ExpiryPolicy, models.PROTECT, related_name="versions", verbose_name=_("expiry policy"), db_index=False
    )
    kind = models.CharField(_("points expire"), max_length=10, choices=Kind, default=Kind.ANNUAL)
    month = models.PositiveSmallIntegerField(_("month of the last valid day"), default=12)
    day = models.PositiveSmallIntegerField(_("last valid day"), default=31)
    cut_off_month = models.PositiveSmallIntegerField(_("month of the cut-off"), null=True, blank=True)
    cut_off_day = models.PositiveSmallIntegerField(
        _("day of the cut-off"),
        null=True,
        blank=True,
        help_text=_("What is earned from this day on lives a year longer."),
    )
    months = models.PositiveSmallIntegerField(_("months"), default=12)
    last_day = models.DateField(_("last valid date"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("version of an expiry policy")
        verbose_name_plural = _("versions of expiry policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(month__gte=1, month__lte=12, day__gte=1, day__lte=31), name="expiry_day_of_a_year"
            ),
            models.CheckConstraint(
                condition=Q(cut_off_month__isnull=True, cut_off_day__isnull=True)
                | Q(cut_off_month__gte=1, cut_off_month__lte=12, cut_off_day__gte=1, cut_off_day__lte=31),
                name="expiry_cut_off_of_a_year",
            ),
            models.CheckConstraint(condition=Q(months__gte=1, months__lte=600), name="expiry_has_months"),
            models.CheckConstraint(condition=~Q(kind="fixed") | Q(last_day__isnull=False), name="expiry_fixed_date"),
        ]
        indexes = [models.Index(fields=["policy", "-id"], name="expiry_newest")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.policy_id}/{self.pk}"


class PointAccount(models.Model):
    """What a member has, as booked; `queries.balance_of` says what that is worth by the clock."""

    member = models.OneToOneField(
        Member, models.PROTECT, primary_key=True, related_name="point_account", verbose_name=_("member")
    )
    available = models.BigIntegerField(pgettext_lazy("points", "available"), default=0)
    pending = models.BigIntegerField(_("pending"), default=0)
    held = models.BigIntegerField(_("held"), default=0)
    debt = models.BigIntegerField(_("debt"), default=0)
    # Before this instant nothing matures or expires by itself.
    due_at = models.DateTimeField(_("next maturity or expiry"), null=True, blank=True)
    # The member earned or spent last then; lots that expire by inactivity live from it.
    active_at = models.DateTimeField(_("last earned or spent"), null=True, blank=True)
    ages_by_inactivity = models.BooleanField(_("has points that expire by inactivity"), default=False)
    version = models.PositiveBigIntegerField(_("transactions"), default=0)

    class Meta:
        verbose_name = _("point account")
        verbose_name_plural = _("point accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(available__gte=0, pending__gte=0, held__gte=0, debt__gte=0), name="points_not_negative"
            ),
            models.CheckConstraint(condition=Q(debt=0) | Q(available=0), name="points_in_debt_have_nothing"),
        ]
        indexes = [models.Index(fields=["due_at"], name="points_due")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.available}"


class PointLot(models.Model):
    """Points of one origin with one expiry. `remaining` is what is left of it, `held` the part that holds pin."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="point_lots", verbose_name=_("member"), db_index=False
    )
    amount = models.PositiveBigIntegerField(_("points at first"))
    remaining = models.BigIntegerField(_("left"))
    held = models.BigIntegerField(_("held"), default=0)
    is_mature = models.BooleanField(_("mature"), default=False)
    source = models.CharField(_("source"), max_length=20)
    earned_at = models.DateTimeField(_("earned at"))
    matures_at = models.DateTimeField(_("matures at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    expiry = models.ForeignKey(
        ExpiryVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("expiry policy"),
        db_index=False,
    )
    rule_version_id = models.BigIntegerField(_("rule version"), null=True, blank=True)
    # A gift or a grace lives on in a lot of its own; the root is the grant where it all began.
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("came out of"),
        db_index=False,
    )
    root = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("first of its line"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("point lot")
        verbose_name_plural = _("point lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(held__gte=0, remaining__gte=F("held"), amount__gte=F("remaining"), amount__gt=0),
                name="lot_holds_what_it_got",
            ),
            models.CheckConstraint(condition=Q(is_mature=True) | Q(held=0), name="lot_pending_is_not_held"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True, root__isnull=True) | Q(parent__isnull=False, root__isnull=False),
                name="lot_knows_its_line",
            ),
        ]
        indexes = [
            # In the order in which points are spent.
            models.Index(fields=["member", "expires_at", "id"], condition=Q(remaining__gt=F("held")), name="lot_free"),
            models.Index(
                fields=["member", "matures_at"], condition=Q(is_mature=False, remaining__gt=0), name="lot_pending"
            ),
            models.Index(fields=["member", "-id"], name="lot_by_member"),
        ]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return f"{self.pk}: {self.remaining}/{self.amount}"


class PointGrace(models.Model):
    """The one grace of a line of lots: what comes back to them after their expiry lives until then."""

    root = models.OneToOneField(
        PointLot, models.PROTECT, primary_key=True, related_name="grace", verbose_name=_("first of its line")
    )
    until = models.DateTimeField(_("until"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("grace")
        verbose_name_plural = _("graces")
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.root_id}: {self.until}"


class PointTransaction(models.Model):
    """Append-only: one thing that happened to a member's points, once per reference."""

    class Kind(models.TextChoices):
        GRANT = "grant", pgettext_lazy("points", "Earned")
        MATURE = "mature", pgettext_lazy("points", "Became available")
        HOLD = "hold", pgettext_lazy("points", "Held")
        CAPTURE = "capture", pgettext_lazy("points", "Spent, from a hold")
        RELEASE = "release", pgettext_lazy("points", "Released")
        SPEND = "spend", pgettext_lazy("points", "Spent")
        REVERSE = "reverse", pgettext_lazy("points", "Given back")
        EXPIRE = "expire", pgettext_lazy("points", "Expired")
        TRANSFER_OUT = "transfer_out", pgettext_lazy("points", "Given away")
        TRANSFER_IN = "transfer_in", pgettext_lazy("points", "Received")
        CLAW_BACK = "claw_back", pgettext_lazy("points", "Taken back")
        ADJUST = "adjust", pgettext_lazy("points", "Adjusted by hand")
        MERGE = "merge", pgettext_lazy("points", "Two accounts became one")
        VOID = "void", pgettext_lazy("points", "Void on leaving")

    reference = models.CharField(_("reference"), max_length=120, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="point_transactions", verbose_name=_("member"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    source = models.CharField(_("source"), max_length=20)
    # As the member reads it: what comes is positive, what goes is negative.
    points = models.BigIntegerField(_("points"))
    reverses = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reversals",
        verbose_name=_("belongs to"),
    )
    rule_version_id = models.BigIntegerField(_("rule version"), null=True, blank=True)
    trace = models.JSONField(_("why"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80, blank=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("point transaction")
        verbose_name_plural = _("point transactions")
        constraints = [
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(kind__in=["capture", "release", "transfer_out"]),
                name="point_hold_ends_once",
            )
        ]
        indexes = [models.Index(fields=["member", "-id"], name="points_history")]
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["member", "note"]),
            ),
            NEVER_DELETED,
            SUMS_TO_ZERO,
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.points:+d}"


class PointEntry(models.Model):
    """Append-only: one leg of a transaction, on a lot of the member or on the shop's side of the same lot.

    What the member has is positive in `available`, `pending` and `held`, what the member owes is negative in `debt`.
    """

    class Bucket(models.TextChoices):
        AVAILABLE = "available", pgettext_lazy("points", "Available")
        PENDING = "pending", pgettext_lazy("points", "Pending")
        HELD = "held", pgettext_lazy("points", "Held")
        DEBT = "debt", pgettext_lazy("points", "Debt")
        ISSUED = "issued", pgettext_lazy("points", "Issued")
        SPENT = "spent", pgettext_lazy("points", "Spent")
        EXPIRED = "expired", pgettext_lazy("points", "Expired")
        CLAWED_BACK = "clawed_back", pgettext_lazy("points", "Taken back")
        ADJUSTED = "adjusted", pgettext_lazy("points", "Adjusted by hand")
        TRANSFERRED = "transferred", pgettext_lazy("points", "On the way to another member")
        VOIDED = "voided", pgettext_lazy("points", "Void on leaving")

    transaction = models.ForeignKey(
        PointTransaction, models.PROTECT, related_name="entries", verbose_name=_("point transaction")
    )
    lot = models.ForeignKey(
        PointLot, models.PROTECT, null=True, blank=True, related_name="entries", verbose_name=_("point lot")
    )
    bucket = models.CharField(_("account"), max_length=12, choices=Bucket)
    amount = models.BigIntegerField(_("points"))

    class Meta:
        verbose_name = _("point entry")
        verbose_name_plural = _("point entries")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="point_entry_moves")]
        triggers = [APPEND_ONLY, ADDED_IN_BALANCE]

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount:+d}"


class ManualGrant(models.Model):
    """Points that staff give or take by hand; above the shop's limit a second person decides."""

    class Status(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("of points by hand", "Waiting for approval")
        BOOKED = "booked", pgettext_lazy("of points by hand", "Booked")
        DECLINED = "declined", pgettext_lazy("of points by hand", "Declined")

    reference = models.CharField(_("reference"), max_length=80, unique=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="manual_point_grants", verbose_name=_("member"))
    points = models.BigIntegerField(_("points"), help_text=_("Negative takes points away."))
    reason = models.CharField(_("reason"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    requested_by = models.CharField(_("requested by"), max_length=80)
    requested_at = models.DateTimeField(_("requested at"))
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("points by hand")
        verbose_name_plural = _("points by hand")
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="manual_grant_moves"),
            models.CheckConstraint(condition=~Q(decided_by=F("requested_by")), name="manual_grant_two_persons"),
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(status="waiting"), name="manual_grant_waiting")]

    def __str__(self) -> str:
        return f"{self.reference} {self.points:+d}"
