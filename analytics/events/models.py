"""Raw events and the way they come in.

`Event` is partitioned by Shanghai days (`services/partitions.py`) and unique by (event, instant). What fronts send is
first a `Batch`, committed before they are answered; the loader moves whole batches into events and removes them in one
transaction, so that nothing is lost or doubled whenever a process dies. `DirtyDay` is append-only: the transaction that
adds events says which days have to be counted anew, and whoever counts removes only the marks that it has seen.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member


class Event(models.Model):
    """Something that happened. `at` is the shop's time; of equal instants `sequence` tells the order.

    `member_id` is a plain number: whole days are dropped and loaded at once. An order has one event per product, and
    those of the shop itself carry the visitor and the session of the member's last event before the order.
    """

    pk = models.CompositePrimaryKey("event_id", "at")
    event_id = models.UUIDField()
    at = models.DateTimeField(_("at"))
    sequence = models.SmallIntegerField()
    name = models.CharField(_("event"), max_length=16)
    visitor_id = models.CharField(max_length=64)
    session_id = models.CharField(max_length=64)
    member_id = models.BigIntegerField(null=True)
    page = models.CharField(max_length=200)
    campaign = models.CharField(max_length=64)
    product_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    device = models.CharField(max_length=20)
    load_ms = models.IntegerField(null=True)
    dwell_ms = models.IntegerField(null=True)
    order_number = models.CharField(max_length=40)
    amount_fen = models.BigIntegerField(null=True)
    is_bot = models.BooleanField()
    props = models.JSONField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["visitor_id", "at"], name="event_by_visitor"),
            models.Index(fields=["member_id", "at"], condition=Q(member_id__isnull=False), name="event_by_member"),
            models.Index(fields=["order_number"], condition=~Q(order_number=""), name="event_by_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"


class Batch(models.Model):
    """Events of one call, checked and written as lines of COPY, that wait for the loader."""

    member_id = models.BigIntegerField(null=True)
    lines = models.TextField()
    events = models.IntegerField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.events} events of {self.received_at:%Y-%m-%d %H:%M:%S}"


class SessionClock(models.Model):
    """How far a visitor's clock is from ours, as found at the first call of a session and kept for all of it."""

    visitor_id = models.CharField(max_length=64)
    session_id = models.CharField(max_length=64)
    skew_ms = models.BigIntegerField()
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visitor_id", "session_id"], name="clock_of_session")]
        indexes = [models.Index(fields=["found_at"], name="clock_by_age")]

    def __str__(self) -> str:
        return f"{self.visitor_id} {self.session_id}: {self.skew_ms} ms"


class QuarantinedEvent(models.Model):
    """What was not accepted, as it came, with the reason that the front was told too."""

    reason = models.CharField(_("reason"), max_length=40)
    event = models.TextField(_("event"))
    visitor_id = models.CharField(_("visitor"), max_length=64, blank=True)
    member_id = models.BigIntegerField(_("member"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("quarantined event")
        verbose_name_plural = _("quarantined events")
        indexes = [
            models.Index(fields=["received_at"], name="quarantine_by_age"),
            models.Index(fields=["reason", "-id"], name="quarantine_by_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.received_at:%Y-%m-%d %H:%M:%S}"


class TrackingRefusal(models.Model):
    """The member does not want to be watched: nothing that they do is kept."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="+", verbose_name=_("member"))
    refused_at = models.DateTimeField(_("refused at"))

    def __str__(self) -> str:
        return f"{self.member}"


class DirtyDay(models.Model):
    """Events of a day were added, changed or removed since it was counted."""

    day = models.DateField()
    kind = models.CharField(max_length=10)

    class Meta:
        indexes = [models.Index(fields=["day", "kind"], name="dirty_by_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class CountedKind(models.Model):
    """Another version whenever a day of the kind has been counted: what was read of it before is no longer true."""

    kind = models.CharField(max_length=10, primary_key=True)
    version = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"
