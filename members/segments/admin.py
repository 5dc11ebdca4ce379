"""Tags and segments for staff. Who is in a segment is computed, or decided by hand here; notes stand on the member."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from members.identity.admin import link_to_member
from members.identity.models import Member
from members.identity.searching import FoundByMember
from members.segments.models import MemberNote, Segment, SegmentMembership, Tag
from members.segments.queries import current
from members.segments.services import add_to_segment, set_tags, write_note
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, staff
from shop.core.shown import AsShownMixin


class TagsForm(AsShownMixin, forms.Form):
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.order_by("name"), required=False, label=_("Tags"), widget=UnfoldAdminSelect2MultipleWidget
    )


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    list_display = ["name", "description", "size"]
    search_fields = ["name"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(member_count=Count("members"))

    def get_urls(self) -> list[Any]:
        of_member = self.admin_site.admin_view(self.change_tags_of)
        return [path("member/<int:member_id>/", of_member, name="segments_tag_member"), *super().get_urls()]

    def change_tags_of(self, request: HttpRequest, member_id: int) -> HttpResponse:
        """All tags of one member, ticked or not; the way here is the member's page."""
        if not request.user.has_perm("identity.change_member"):
            raise PermissionDenied
        member = get_object_or_404(Member, pk=member_id)
        held = list(member.tags.values_list("tag", flat=True))
        form = TagsForm(request.POST or None, initial={"tags": held})
        if request.method != "POST" or not form.is_valid():
            return form_page(self, request, form=form, title=_("Tags of {member}").format(member=member))
        chosen = [tag.pk for tag in form.cleaned_data["tags"]]
        set_tags(member_id=member_id, tag_ids=chosen, actor=staff(request), now=clock.now())
        names = ", ".join(tag.name for tag in form.cleaned_data["tags"])
        self.log_change(request, member, _("Tags: {names}").format(names=names or "–"))
        return redirect("admin:identity_member_change", member_id)

    @display(description=_("members"), ordering="member_count")
    def size(self, tag: Any) -> int:
        return tag.member_count


@admin.register(Segment)
class SegmentAdmin(ModelAdmin):
    list_display = ["name", "code", "size", "refreshed_at", "description"]
    fields = ["name", "code", "description", "refreshed_at"]
    readonly_fields = ["refreshed_at"]
    search_fields = ["name", "code"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        held = SegmentMembership.objects.filter(current(now=clock.now()), segment=OuterRef("pk")).order_by()
        counted = held.values("segment").annotate(n=Count("member", distinct=True)).values("n")
        return super().get_queryset(request).annotate(member_count=Coalesce(Subquery(counted), 0))

    @display(description=_("members"), ordering="member_count")
    def size(self, segment: Any) -> str:
        page = reverse("admin:segments_segmentmembership_changelist")
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}?segment__id__exact={}">{}</a>',
            page,
            segment.pk,
            segment.member_count,
        )


class MembershipForm(forms.ModelForm):
    def clean_until(self) -> datetime | None:
        until = self.cleaned_data["until"]
        if until is not None and until <= clock.now():
            raise forms.ValidationError(_("The end must lie in the future."))
        return until


@admin.register(SegmentMembership)
class SegmentMembershipAdmin(FoundByMember, ModelAdmin):
    """Who is, was or will be in which segment, and who says so."""

    form = MembershipForm
    list_display = ["whom", "segment", "source", "since", "until"]
    list_display_links = ["segment"]
    list_filter = ["segment", "source"]
    list_select_related = ["member", "segment"]
    fields = ["segment", "member", "until"]
    autocomplete_fields = ["segment", "member"]
    ordering = ["-id"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SegmentMembership, form: Any, change: bool) -> None:
        made = add_to_segment(segment_id=obj.segment_id, member_id=obj.member_id, until=obj.until, now=clock.now())
        obj.pk, obj.since = made.pk, made.since

    @display(description=_("member"))
    def whom(self, membership: SegmentMembership) -> str:
        return link_to_member(membership.member)


@admin.register(MemberNote)
class MemberNoteAdmin(ModelAdmin):
    """Notes are written once; they are read on the member's page, which leads here."""

    list_display = ["text", "whom", "author", "written_at"]
    list_select_related = ["member"]
    fields = ["member", "text"]
    autocomplete_fields = ["member"]
    ordering = ["-id"]
    paginator = BoundedPaginator
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: MemberNote, form: Any, change: bool) -> None:
        written = write_note(member_id=obj.member_id, text=obj.text, actor=staff(request), now=clock.now())
        obj.pk = written.pk

    def response_add(self, request: HttpRequest, obj: MemberNote, post_url_continue: str | None = None) -> HttpResponse:
        return redirect("admin:identity_member_change", obj.member_id)

    @display(description=_("member"))
    def whom(self, note: MemberNote) -> str:
        return link_to_member(note.member)
