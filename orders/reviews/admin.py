"""Reviews for staff: what waits, pictures at a glance, decide one or many, reply."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from members.identity.admin import link_to_member
from members.identity.panels import MemberPanel, when
from members.uploads.admin import thumbnail_tag
from orders.reviews import services
from orders.reviews.models import MOST_CHARACTERS, FollowUp, Review, Said, Status
from orders.reviews.queries import follow_up_of
from shop.catalog.models import Product
from shop.core import clock
from shop.core.actors import actor_in_words
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff
from shop.core.searching import MOST_FOUND, FoundByKeys
from shop.core.shown import AsShownMixin

STATUS_COLOURS = {
    "pending": "warning",
    "approved": "success",
    "rejected": "danger",
    "hidden": "default",
    "withdrawn": "default",
}
EXCERPT = 60


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("The member reads it."),
    )


class HideForm(ReasonForm):
    for_abuse = forms.BooleanField(
        label=gettext_lazy("For abuse"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy(
            "Takes back the points that the review brought. They do not return if it is shown again."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("For the history of the review.")


class ReplyForm(AsShownMixin, forms.Form):
    reply = forms.CharField(
        label=gettext_lazy("reply of the shop"),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=gettext_lazy("Everybody reads it below the review. Without a text the reply goes."),
    )


class TodoFilter(admin.SimpleListFilter):
    """What somebody has to do something about."""

    title = gettext_lazy("to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("decide", _("Waiting for approval")),
            ("reply", _("Shown without a reply")),
            ("bad", _("One or two stars without a reply")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        unanswered = queryset.filter(status=Status.APPROVED, is_default=False, replied_at=None)
        if self.value() == "decide":
            added = FollowUp.objects.filter(review=OuterRef("pk"), status=Status.PENDING)
            return queryset.filter(Q(status=Status.PENDING) | Exists(added))
        if self.value() == "reply":
            return unanswered
        return unanswered.filter(rating__lte=2) if self.value() == "bad" else queryset


class PicturesFilter(admin.SimpleListFilter):
    title = gettext_lazy("pictures")
    parameter_name = "pictures"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("With pictures")), ("no", _("Without pictures"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        if self.value() == "yes":
            return queryset.exclude(pictures=[])
        return queryset.filter(pictures=[]) if self.value() == "no" else queryset


@admin.register(Review)
class ReviewAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["shown_rating", "said", "thumbnails", "goods", "who", "shown_status", "written_at"]
    list_display_links = ["shown_rating"]
    list_filter = [
        TodoFilter,
        "status",
        "rating",
        PicturesFilter,
        "is_default",
        ("written_at", RangeDateTimeFilter),
    ]
    list_filter_submit = True
    list_select_related = ["member", "line", "follow_up"]
    search_keys = ("line__order__number",)
    search_help_text = gettext_lazy("Order number, or the start of the product's name")
    ordering = ["-id"]
    actions = ["approve_selected", "reject_selected", "hide_selected"]
    actions_detail = ["approve", "reject", "hide", "reply_to"]
    change_form_outer_after_template = "admin/members/panels.html"
    fields = [
        ("shown_rating", "state"),
        ("goods", "order_link"),
        ("who", "is_anonymous"),
        "content",
        "thumbnails",
        "added",
        "reply",
        ("reason", "decided_by"),
    ]
    readonly_fields = ["shown_rating", "state", "goods", "order_link", "who", "thumbnails", "added"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Review], search_term: str
    ) -> tuple[QuerySet[Review], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        goods = list(Product.objects.filter(name__startswith=term).values_list("pk", flat=True)[:MOST_FOUND])
        return queryset.filter(Q(pk__in=self.found(queryset, term)) | Q(product__in=goods)), False

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(self.decide_many)
        return [path("decide/<slug:decision>/", decide, name="reviews_review_decide"), *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        review = self.get_object(request, object_id) if object_id else None
        panels = [_history(review)] if review else []
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})

    @display(description=gettext_lazy("stars"), ordering="rating")
    def shown_rating(self, review: Review) -> str:
        return format_html(
            '<span class="text-primary-600 whitespace-nowrap">{}<span class="text-base-300">{}</span></span>',
            "★" * review.rating,
            "★" * (5 - review.rating),
        )

    @display(description=gettext_lazy("content"))
    def said(self, review: Review) -> str:
        text = _("(default review)") if review.is_default else review.content or _("(no words)")
        return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"

    @display(description=gettext_lazy("pictures"))
    def thumbnails(self, review: Review) -> str:
        return _thumbnails(review)

    @display(description=gettext_lazy("product"), ordering="line__product_name")
    def goods(self, review: Review) -> str:
        name = f"{review.line.product_name} {review.line.options}".strip()
        return _link(reverse("admin:catalog_product_change", args=[review.product_id]), name)

    @display(description=gettext_lazy("order number"))
    def order_link(self, review: Review) -> str:
        return _link(reverse("admin:checkout_order_change", args=[review.line.order_id]), review.line.order.number)

    @display(description=gettext_lazy("member"))
    def who(self, review: Review) -> str:
        return link_to_member(review.member)

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, review: Review) -> Label:
        added = follow_up_of(review)
        if review.status == Status.APPROVED and added and added.status == Status.PENDING:
            return Label("pending", _("Follow-up waits for approval"))
        return Label(review.status, review.get_status_display())

    @display(description=gettext_lazy("status"))
    def state(self, review: Review) -> str:
        return str(self.shown_status(review)[1])

    @display(description=gettext_lazy("follow-up"))
    def added(self, review: Review) -> str:
        added = follow_up_of(review)
        if added is None:
            return "–"
        return format_html(
            "{} · {}<br>{}<br>{}",
            when(added.written_at),
            added.get_status_display(),
            added.content,
            _thumbnails(added) if added.pictures else "",
        )

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("reviews.change_review")

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._decide(request, queryset, _approve)

    @admin.action(description=gettext_lazy("Reject"), permissions=["decide"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse:
        return _ask("reject", queryset)

    @admin.action(description=gettext_lazy("Hide"), permissions=["decide"])
    def hide_selected(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse:
        return _ask("hide", queryset)

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["decide"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        review = found_or_404(self, request, object_id)
        if request.method != "POST":
            buttons = [("approve", _("Show it to everybody"))]
            return form_page(self, request, form=forms.Form(), title=_("Approve"), buttons=buttons)
        self._decide(request, Review.objects.filter(pk=review.pk), _approve)
        return redirect("admin:reviews_review_change", object_id)

    @action(description=gettext_lazy("Reject"), url_path="reject", permissions=["decide"], icon="block")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _ask("reject", Review.objects.filter(pk=found_or_404(self, request, object_id).pk))

    @action(description=gettext_lazy("Hide"), url_path="hide", permissions=["decide"], icon="visibility_off")
    def hide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _ask("hide", Review.objects.filter(pk=found_or_404(self, request, object_id).pk))

    @action(description=gettext_lazy("Reply"), url_path="reply", permissions=["decide"], icon="reply")
    def reply_to(self, request: HttpRequest, object_id: str) -> HttpResponse:
        review = found_or_404(self, request, object_id)
        form = ReplyForm(request.POST or None, initial={"reply": review.reply})
        form.subject = review
        if request.method != "POST" or not form.is_valid():
            return form_page(self, request, form=form, title=_("Reply"))
        services.reply_to_review(
            review_id=review.pk, reply=form.cleaned_data["reply"], actor=staff(request), now=clock.now()
        )
        self.log_change(request, review, _("Replied: {reply}").format(reply=form.cleaned_data["reply"]))
        messages.success(request, _("The reply was saved."))
        return redirect("admin:reviews_review_change", object_id)

    def decide_many(self, request: HttpRequest, decision: str) -> HttpResponse:
        """Reject or hide the reviews that the address names, with one reason for all."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        if decision not in ("reject", "hide"):
            return redirect("admin:reviews_review_changelist")
        ids = [int(each) for each in request.GET.get("ids", "").split(",") if each.isdecimal()]
        form = (HideForm if decision == "hide" else ReasonForm)(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            title = _("Hide {count} reviews") if decision == "hide" else _("Reject {count} reviews")
            return form_page(self, request, form=form, title=title.format(count=len(ids)))

        def decide(review: Review, **about: Any) -> None:
            (_hide if decision == "hide" else _reject)(review, **form.cleaned_data, **about)

        self._decide(request, Review.objects.filter(pk__in=ids), decide)
        if len(ids) == 1:
            return redirect("admin:reviews_review_change", ids[0])
        return redirect("admin:reviews_review_changelist")

    def _decide(self, request: HttpRequest, reviews: QuerySet[Review], decide: Callable[..., None]) -> None:
        done = 0
        for review in reviews.select_related("follow_up").order_by("pk"):
            try:
                decide(review, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                self.message_user(request, f"{review}: {refusal}", messages.ERROR)
            else:
                done += 1
        text = ngettext("{count} review was decided.", "{count} reviews were decided.", done).format(count=done)
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)


def _approve(review: Review, **about: Any) -> None:
    """What waits: the review itself, or else what was added to it."""
    added = follow_up_of(review)
    if review.status != Status.APPROVED:
        services.approve_review(review_id=review.pk, **about)
    elif added is not None:
        services.approve_follow_up(review_id=review.pk, **about)
    else:
        services.approve_review(review_id=review.pk, **about)


def _reject(review: Review, **about: Any) -> None:
    added = follow_up_of(review)
    if review.status == Status.APPROVED and added is not None:
        services.reject_follow_up(review_id=review.pk, **about)
    else:
        services.reject_review(review_id=review.pk, **about)


def _hide(review: Review, **about: Any) -> None:
    services.hide_review(review_id=review.pk, **about)


def _ask(decision: str, reviews: QuerySet[Review]) -> HttpResponse:
    ids = ",".join(str(pk) for pk in reviews.values_list("pk", flat=True))
    return redirect(f"{reverse('admin:reviews_review_decide', args=[decision])}?ids={ids}")


def _thumbnails(said: Said) -> str:
    tags = (
        (thumbnail_tag(each, name=_("Picture {number}").format(number=number)),)
        for number, each in enumerate(said.pictures, 1)
    )
    return format_html_join(" ", "{}", tags) or "–"


def _link(address: str, text: str) -> str:
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text)


def _history(review: Review) -> MemberPanel:
    rows = [
        [when(event.happened_at), event.get_what_display(), actor_in_words(event.actor), event.note]
        for event in review.events.all()
    ]
    return MemberPanel(_("History"), [_("Time"), _("Event"), _("By"), _("Note")], rows)
