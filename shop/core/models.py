"""Staff accounts, the outbox, idempotency keys, job runs and the merchant's preferences."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class StaffUser(AbstractUser):
    """Somebody who works in the shop; members are kept apart, in `members.identity`."""

    class Meta:
        verbose_name = _("staff account")
        verbose_name_plural = _("staff accounts")


class OutboxEntry(models.Model):
    """One fact for one subscriber, written in the transaction in which the fact came true."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        PARKED = "parked", _("Parked")

    event_id = models.UUIDField(_("event"))
    fact = models.CharField(_("fact"), max_length=80)
    subscriber = models.CharField(_("subscriber"), max_length=160)
    payload = models.JSONField(_("payload"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"))
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("outbox entry")
        verbose_name_plural = _("outbox entries")
        constraints = [models.UniqueConstraint(fields=["event_id", "subscriber"], name="outbox_once_per_subscriber")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(status="pending"), name="outbox_pending"),
            models.Index(fields=["-id"], condition=Q(status="parked"), name="outbox_parked"),
            models.Index(fields=["finished_at"], condition=Q(status="done"), name="outbox_done"),
        ]

    def __str__(self) -> str:
        return f"{self.fact} → {self.subscriber}"


class IdempotencyKey(models.Model):
    """A client's promise that two requests are one; the answer is kept beside it for replays."""

    principal = models.CharField(max_length=64)
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    locked_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"


class JobRun(models.Model):
    """The last run of each scheduled job: when, how long, what it did or why it failed."""

    job = models.CharField(_("job"), max_length=120, unique=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    succeeded_at = models.DateTimeField(_("last success"), null=True, blank=True)
    effect = models.JSONField(_("effect"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")

    def __str__(self) -> str:
        return self.job


class PreferenceValue(models.Model):
    """What the merchant set for a declared preference (`shop.core.preferences`)."""

    key = models.CharField(_("key"), max_length=80, unique=True)
    value = models.JSONField(_("value"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("setting")
        verbose_name_plural = _("settings")

    def __str__(self) -> str:
        return self.key


class Alert(models.Model):
    """Something a person must look at; shown on the admin's home until its cause is gone. One open row per cause."""

    cause = models.CharField(_("cause"), max_length=160, unique=True)
    message = models.CharField(_("message"), max_length=300)
    data = models.JSONField(_("data"), default=dict, blank=True)
    link = models.CharField(_("link"), max_length=300, blank=True)
    permission = models.CharField(_("permission"), max_length=120, blank=True)
    raised_at = models.DateTimeField(_("raised at"))

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")

    def __str__(self) -> str:
        return self.cause
