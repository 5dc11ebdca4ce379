"""What staff and analytics write on a member's file: tags, segments, notes.

A segment is an audience for campaigns. Always: each source (a person, a computation) keeps its own memberships, so that
a computation never ends what a person decided.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member

BY_HAND = "staff"


class Tag(models.Model):
    """A word on a member's file."""

    name = models.CharField(_("name"), max_length=30, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class MemberTag(models.Model):
    member = models.ForeignKey(Member, models.CASCADE, related_name="tags", verbose_name=_("member"))
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="members", verbose_name=_("tag"))
    source = models.CharField(_("source"), max_length=80)
    tagged_at = models.DateTimeField(_("tagged at"))

    class Meta:
        verbose_name = _("member's tag")
        verbose_name_plural = _("members' tags")
        constraints = [models.UniqueConstraint(fields=["member", "tag"], name="member_tagged_once")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.tag_id}"


class Segment(models.Model):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    description = models.CharField(_("description"), max_length=300, blank=True)
    refreshed_at = models.DateTimeField(_("computed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return self.name


class SegmentMembership(models.Model):
    """A member belongs to the segment in the half-open window from `since` to `until`, as far as `source` can tell."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="memberships", verbose_name=_("segment"))
    member = models.ForeignKey(Member, models.CASCADE, related_name="segments", verbose_name=_("member"))
    source = models.CharField(_("source"), max_length=40, default=BY_HAND, editable=False)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    seen_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("segment membership")
        verbose_name_plural = _("segment memberships")
        constraints = [
            models.UniqueConstraint(fields=["segment", "member", "source"], name="membership_once_per_source"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="membership_window"),
        ]
        indexes = [models.Index(fields=["member", "segment"], name="membership_by_member")]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.member_id}"


class MemberNote(models.Model):
    """What a member of staff wants the others to know; written once, never changed."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="notes", verbose_name=_("member"))
    text = models.TextField(_("note"), max_length=1000)
    author = models.CharField(_("author"), max_length=80)
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index(fields=["member", "-id"], name="note_by_member")]

    def __str__(self) -> str:
        # The admin's trail keeps this line for good, so no word about the member stands in it.
        return f"{self.member_id}: {self.pk}"
