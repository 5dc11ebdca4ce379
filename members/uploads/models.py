"""Pictures that members send: for a review, as evidence of an after-sale.

Always: a picture belongs to who sent it and serves one thing at most, whose room keeps its id and names itself in
`used_for`. One that serves nothing expires. It is seen by who holds a key to it, which lasts for a day or two
(`addresses.py`), and by everybody while it is public.
"""

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member


def new_id() -> str:
    """128 bits: nobody comes upon a picture by trying."""
    return secrets.token_hex(16)


class Upload(models.Model):
    """`used_for` is the reference of the thing, such as `review:12`; `expires_at` is empty while it is in use."""

    id = models.CharField(_("id"), max_length=32, primary_key=True, default=new_id)
    member = models.ForeignKey(Member, models.PROTECT, related_name="uploads", verbose_name=_("member"))
    width = models.PositiveSmallIntegerField(_("width"))
    height = models.PositiveSmallIntegerField(_("height"))
    size = models.PositiveIntegerField(_("size in bytes"))
    used_for = models.CharField(_("used for"), max_length=60, blank=True)
    is_public = models.BooleanField(_("public"), default=False)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    class Meta:
        verbose_name = _("member's picture")
        verbose_name_plural = _("members' pictures")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=False) | ~Q(used_for=""), name="upload_unused_expires"
            ),
            models.CheckConstraint(condition=Q(is_public=False) | Q(expires_at=None), name="upload_public_is_in_use"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="upload_expiring"),
            models.Index(fields=["-created_at", "-id"], name="upload_latest"),
        ]

    def __str__(self) -> str:
        return self.id
