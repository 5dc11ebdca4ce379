"""Templates, what members and staff were told, how it reached them, and what they wish for.

Always: a thing is told once per recipient, event and dedupe key; a channel is tried once per notification, however many
attempts that takes; a subscribe message is never sent without an accepted subscription.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from members.notifications.events import Category, Channel, event_of


class NotificationTemplate(models.Model):
    """The words of one event on one channel in one language; seeded from the event, then the merchant's."""

    event = models.CharField(pgettext_lazy("notification", "event"), max_length=60)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    title = models.CharField(_("title"), max_length=100, blank=True)
    body = models.TextField(_("text"), max_length=2000)
    provider_template = models.CharField(
        _("provider's template"),
        max_length=80,
        blank=True,
        help_text=_("The id under which WeChat or the SMS provider knows the template. WeChat needs one."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("notification template")
        verbose_name_plural = _("notification templates")
        constraints = [
            models.UniqueConstraint(fields=["event", "channel", "language"], name="notification_template_once")
        ]
        indexes = [models.Index(fields=["provider_template"], name="notification_template_provider")]

    def __str__(self) -> str:
        event = event_of(self.event)
        return f"{event.label if event else self.event} · {self.get_channel_display()} · {self.get_language_display()}"


class Notification(models.Model):
    """Something that a member, or one of the staff, is told; with `in_inbox` the member reads it in the front."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="notifications", null=True, blank=True, verbose_name=_("member")
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("staff")
    )
    event = models.CharField(pgettext_lazy("notification", "event"), max_length=60)
    dedupe_key = models.CharField(_("reference"), max_length=160)
    category = models.CharField(_("category"), max_length=15, choices=Category)
    context = models.JSONField(_("data"), default=dict, blank=True)
    title = models.CharField(_("title"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True)
    link = models.CharField(_("link"), max_length=500, blank=True)
    in_inbox = models.BooleanField(_("in the inbox"), default=False)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(fields=["member", "event", "dedupe_key"], name="notification_once_per_member"),
            models.UniqueConstraint(fields=["staff", "event", "dedupe_key"], name="notification_once_per_staff"),
            models.CheckConstraint(
                condition=Q(member__isnull=True) ^ Q(staff__isnull=True), name="notification_has_one_recipient"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], condition=Q(in_inbox=True), name="notification_inbox"),
            models.Index(
                fields=["member"], condition=Q(in_inbox=True, read_at__isnull=True), name="notification_unread"
            ),
            models.Index(fields=["created_at"], name="notification_age"),
        ]

    def __str__(self) -> str:
        return self.title or self.event


class Delivery(models.Model):
    """One channel's part in telling. `due_at` is when to try next, and while somebody tries, when to suspect that
    they died: whoever takes a delivery moves it, so that nobody else does.

    `counts_on` is the Shanghai day in whose cap a marketing message counts.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        DEFERRED = "deferred", _("Deferred")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Skipped")

    notification = models.ForeignKey(
        Notification, models.CASCADE, related_name="deliveries", verbose_name=_("notification")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    language = models.CharField(_("language"), max_length=10, blank=True)
    text = models.TextField(_("text"), blank=True)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    provider_id = models.CharField(_("provider's number"), max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    counts_on = models.DateField(null=True, blank=True)
    credit_template = models.CharField(_("subscription used"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="delivery_once_per_channel"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "deferred"], due_at__isnull=False, finished_at__isnull=True)
                | Q(status__in=["sent", "failed", "skipped"], due_at__isnull=True, finished_at__isnull=False),
                name="delivery_due_until_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="delivery_due"),
            models.Index(fields=["-created_at", "channel", "status"], name="delivery_log"),
            models.Index(fields=["error_code", "-id"], condition=~Q(error_code=""), name="delivery_errors"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} · {self.get_status_display()}"


class SubscribeCredit(models.Model):
    """How many messages of a WeChat template a member has accepted, and how many of those are used."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="subscribe_credits", verbose_name=_("member"))
    template = models.CharField(_("template"), max_length=80)
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    used = models.PositiveIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(fields=["member", "template"], name="subscribe_credit_once"),
            models.CheckConstraint(condition=Q(used__lte=F("accepted")), name="subscribe_credit_not_overdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.used}/{self.accepted}"


class NotificationPreference(models.Model):
    """What a member chose for a category on a channel; without a row the default holds."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"))
    category = models.CharField(_("category"), max_length=15, choices=Category)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    allowed = models.BooleanField(_("allowed"))

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [
            models.UniqueConstraint(fields=["member", "category", "channel"], name="notification_preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.channel} {self.allowed}"


class NotificationLanguage(models.Model):
    """The language in which a member wants to be told; without a row it is the shop's."""

    member = models.OneToOneField(Member, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("member"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)

    class Meta:
        verbose_name = _("notification language")
        verbose_name_plural = _("notification languages")

    def __str__(self) -> str:
        return self.language
