"""Who buys: members, how they signed in, where their parcels go."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _

from members.identity.phones import mask_phone
from shop.regions.models import Region


class Member(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        BLOCKED = "blocked", _("Blocked")
        MERGED = "merged", _("Merged into another account")
        CLOSED = "closed", _("Closed and erased")

    phone = models.CharField(_("phone"), max_length=20, unique=True, null=True, blank=True, help_text=_("E.164"))
    openid = models.CharField(_("WeChat openid"), max_length=64, unique=True, null=True, blank=True)
    unionid = models.CharField(_("WeChat unionid"), max_length=64, blank=True)
    nickname = models.CharField(_("nickname"), max_length=40, blank=True, db_index=True)
    avatar_url = models.URLField(_("avatar"), max_length=500, blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    birthday_set_on = models.DateField(_("birthday set on"), null=True, blank=True)
    invite_code = models.CharField(_("invite code"), max_length=12, unique=True)
    inviter = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="invitees", verbose_name=_("invited by")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    joined_at = models.DateTimeField(_("joined at"))
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_accounts", verbose_name=_("merged into")
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        permissions = [
            ("reveal_member", _("Reveal phone numbers and streets")),
            ("renumber_member", _("Change the phone number that a member signs in with")),
        ]
        indexes = [
            models.Index(Right("phone", 4), name="member_phone_tail"),
            models.Index(fields=["joined_at"], name="member_by_day"),
            models.Index(fields=["status", "-id"], condition=~Q(status="active"), name="member_not_active"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False) | ~Q(status="merged") & Q(merged_into=None),
                name="member_merged_into_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["merged", "closed"]) | Q(phone=None, openid=None, nickname="", birthday=None),
                name="member_gone_is_nobody",
            ),
        ]

    def __str__(self) -> str:
        return self.nickname or (mask_phone(self.phone) if self.phone else str(self.pk))


class AccountMerge(models.Model):
    """How one account became part of another: kept for good. `moved` counts what came along, by kind."""

    source = models.OneToOneField(Member, models.PROTECT, related_name="merge", verbose_name=_("account"))
    target = models.ForeignKey(Member, models.PROTECT, related_name="merges", verbose_name=_("merged into"))
    merged_at = models.DateTimeField(_("merged at"), db_index=True)
    moved = models.JSONField(_("moved"), default=dict)

    class Meta:
        verbose_name = _("account merge")
        verbose_name_plural = _("account merges")

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"


class Cancellation(models.Model):
    """A member's wish to be forgotten: open until it is withdrawn, or carried out when it is due."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="cancellations", verbose_name=_("member"))
    requested_at = models.DateTimeField(_("requested at"))
    due_at = models.DateTimeField(_("due at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)
    obstacles = models.JSONField(_("obstacles"), default=list, blank=True)
    erased = models.JSONField(_("erased"), default=dict, blank=True)

    class Meta:
        verbose_name = _("account cancellation")
        verbose_name_plural = _("account cancellations")
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(withdrawn_at=None, erased_at=None), name="cancellation_one_open"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(withdrawn_at=None, erased_at=None), name="cancellation_due")
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.requested_at:%Y-%m-%d}"


class PhoneChange(models.Model):
    """A member signs in with another number from now on; one row each, and nothing in it changes until it is erased.

    `old_phone` is empty where there was none. `reason` is what staff wrote.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="phone_changes", verbose_name=_("member"))
    old_phone = models.CharField(_("old phone"), max_length=20, blank=True)
    new_phone = models.CharField(_("new phone"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("change of phone")
        verbose_name_plural = _("changes of phone")

    def __str__(self) -> str:
        return f"{self.member_id} {self.changed_at:%Y-%m-%d}"


class PhoneCode(models.Model):
    """A one-time code sent to a phone; only its hash, keyed with its purpose, is kept. Tries are counted here, not in
    Redis.

    `address` and `device` say where the request came from (see `Origin`), for the quotas.
    """

    phone = models.CharField(max_length=20)
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    address = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("phone code")
        verbose_name_plural = _("phone codes")
        indexes = [
            models.Index(fields=["phone", "-sent_at"], name="phone_code_latest"),
            models.Index(fields=["address", "-sent_at"], condition=Q(address__isnull=False), name="phone_code_address"),
            models.Index(fields=["device", "-sent_at"], condition=~Q(device=""), name="phone_code_device"),
            models.Index(fields=["sent_at"], name="phone_code_age"),
        ]

    def __str__(self) -> str:
        return f"{self.phone} {self.sent_at}"


class MemberSession(models.Model):
    """A signed-in device.

    Its refresh token is `key.secret`: the key stays, the secret is new after each use. Only hashes are kept. A known
    key with another secret is an old token, used by a thief or by a member whom a thief has overtaken. `address` and
    `device` say where it was opened (see `Origin`).
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="sessions", verbose_name=_("member"))
    key_hash = models.CharField(max_length=64, unique=True)
    secret_hash = models.CharField(max_length=64)
    user_agent = models.CharField(_("device"), max_length=200, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    device = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"))
    refreshed_at = models.DateTimeField(_("refreshed at"))
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [
            models.Index(fields=["expires_at"], name="member_session_expiry"),
            models.Index(fields=["revoked_at"], condition=Q(revoked_at__isnull=False), name="member_session_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class Address(models.Model):
    member = models.ForeignKey(Member, models.CASCADE, related_name="addresses", verbose_name=_("member"))
    name = models.CharField(_("recipient"), max_length=40)
    phone = models.CharField(_("phone"), max_length=20)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    detail = models.CharField(_("street address"), max_length=200)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(is_default=True), name="address_one_default")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.detail}"
