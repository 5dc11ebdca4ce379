"""Members' pictures for staff: who sent what, and what it is used for."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from members.identity.admin import link_to_member
from members.uploads.addresses import picture
from members.uploads.models import Upload
from shop.core.admin import ReadOnlyAdmin
from shop.core.paginator import BoundedPaginator


def thumbnail_tag(upload_id: str, *, name: Any) -> str:
    """A small picture that opens the large one; `name` is for those who do not see it."""
    urls = picture(upload_id)
    return format_html(
        '<a href="{}" target="_blank" rel="noopener"><img src="{}" alt="{}" loading="lazy" '
        'style="height: 4rem; width: 4rem; object-fit: cover" class="rounded-default inline-block"></a>',
        urls["url"],
        urls["thumbnail_url"],
        name,
    )


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["shown", "who", "used_for", "is_public", "created_at", "expires_at"]
    list_display_links = ["created_at"]
    list_filter = ["is_public", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["member"]
    fields = ["shown", ("who", "used_for"), ("width", "height"), ("size", "is_public"), ("created_at", "expires_at")]
    readonly_fields = ["shown", "who"]
    ordering = ["-created_at", "-id"]
    paginator = BoundedPaginator
    show_full_result_count = False

    @display(description=gettext_lazy("picture"))
    def shown(self, upload: Upload) -> str:
        return thumbnail_tag(upload.pk, name=_("Picture of {member}").format(member=upload.member))

    @display(description=gettext_lazy("member"))
    def who(self, upload: Upload) -> str:
        return link_to_member(upload.member)
