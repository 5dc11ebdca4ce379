"""Where staff are signed in to the API. In the admin they have Django's sessions, which know nothing of these."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.core.models import StaffUser


class StaffSession(models.Model):
    """A device of somebody of the staff.

    Its refresh token is `key.secret`: the key stays, the secret is new after each use, only hashes are kept. `standing`
    is a digest of what the account was when it signed in, with which the session ends.
    """

    staff = models.ForeignKey(StaffUser, models.CASCADE, related_name="api_sessions", verbose_name=_("staff account"))
    key_hash = models.CharField(max_length=64, unique=True)
    secret_hash = models.CharField(max_length=64)
    standing = models.CharField(max_length=64)
    user_agent = models.CharField(_("device"), max_length=200, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    refreshed_at = models.DateTimeField(_("refreshed at"))
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("staff session")
        verbose_name_plural = _("staff sessions")
        indexes = [models.Index(fields=["expires_at"], name="staff_session_expiry")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.created_at:%Y-%m-%d %H:%M}"
