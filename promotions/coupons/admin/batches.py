"""Batches of redemption codes: made, exported once, made void."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from promotions.coupons.admin.forms import BatchForm, ReasonForm
from promotions.coupons.models import CodeBatch
from promotions.coupons.services.batches import create_batch, export_batch, void_batch
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff


@admin.register(CodeBatch)
class CodeBatchAdmin(ReadOnlyAdmin):
    list_display = ["name", "template", "quantity", "redeemed_count", "shown_status", "expires_at", "created_at"]
    list_filter = ["status"]
    list_select_related = ["template"]
    search_fields = ["name", "template__name"]
    fields = [
        "name",
        "template",
        "quantity",
        "redeemed_count",
        "status",
        "expires_at",
        "created_by",
        "created_at",
        "exported_by",
        "exported_at",
        "voided_by",
        "void_reason",
    ]
    ordering = ["-pk"]
    actions_list = ["make"]
    actions_detail = ["export", "make_void"]

    @display(
        description=gettext_lazy("status"),
        label={"new": "info", "exporting": "warning", "live": "success", "void": "danger"},
        ordering="status",
    )
    def shown_status(self, batch: CodeBatch) -> Label:
        return Label(batch.status, batch.get_status_display())

    def has_make_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("coupons.add_codebatch")

    @action(description=gettext_lazy("New batch"), url_path="make", permissions=["make"], icon="add")
    def make(self, request: HttpRequest) -> HttpResponse:
        form = BatchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                batch = create_batch(
                    template_id=given["template"].pk,
                    name=given["name"],
                    quantity=given["quantity"],
                    expires_at=given["expires_at"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_addition(request, batch, _("{count} codes").format(count=batch.quantity))
                messages.success(request, _("The batch is made. Its codes come into being with the one export."))
                return redirect("admin:coupons_codebatch_change", batch.pk)
        return form_page(self, request, form=form, title=_("New batch"))

    @action(
        description=gettext_lazy("Export the codes, once"), url_path="export", permissions=["make"], icon="download"
    )
    def export(self, request: HttpRequest, object_id: str) -> Any:
        """Asked first: the file cannot be had again."""
        batch = found_or_404(self, request, object_id)
        if request.method != "POST":
            rows = [[_("The codes are kept as hashes only: this file is the only one, and cannot be made again.")]]
            return form_page(
                self,
                request,
                form=ReasonForm(),
                title=_("Export the codes, once"),
                table_title=batch.name,
                table={"headers": [_("Please note")], "rows": rows},
                buttons=[("export", _("Export now"))],
            )
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return form_page(self, request, form=form, title=_("Export the codes, once"))
        try:
            codes = export_batch(batch_id=batch.pk, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:coupons_codebatch_change", batch.pk)
        self.log_change(request, batch, _("Exported: {reason}").format(reason=form.cleaned_data["reason"]))
        response = StreamingHttpResponse(codes, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="codes-{batch.pk}.csv"'
        response["Cache-Control"] = "no-store"
        return response

    @action(description=gettext_lazy("Make void"), url_path="void", permissions=["make"], icon="block")
    def make_void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = found_or_404(self, request, object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                void_batch(batch_id=batch.pk, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, batch, _("Made void: {reason}").format(reason=reason))
                messages.success(request, _("None of its codes is good any more."))
                return redirect("admin:coupons_codebatch_change", batch.pk)
        left = batch.quantity - batch.redeemed_count
        rows = [[_("codes that are no good any more"), f"{left:,}"], [_("redeemed, which stay"), batch.redeemed_count]]
        return form_page(
            self,
            request,
            form=form,
            title=f"{_('Make void')} · {batch}",
            table_title=_("This cannot be undone."),
            table={"headers": ["", ""], "rows": rows},
            buttons=[("void", _("Make void"))],
        )
