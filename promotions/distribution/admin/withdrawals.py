"""Withdrawals for finance: deciding, asking the payment service, and the statement of a period."""

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget

from members.identity.admin import link_to_member
from promotions.distribution.admin.people import ReasonForm
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import Withdrawal, WithdrawalStatus
from promotions.distribution.payouts import payout_gateway
from promotions.distribution.services.paying_out import refresh_payout
from promotions.distribution.services.withdrawing import approve_withdrawal, refuse_withdrawal, stop_withdrawal
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.confirming import asks
from shop.core.csv_files import csv_bytes
from shop.core.errors import DomainError
from shop.core.forms import DayField
from shop.core.formulas import harmless
from shop.core.labels import Label
from shop.core.money import plain_yuan, yuan
from shop.core.screens import form_page, found_or_404, staff

MOST_AT_ONCE = 100
STATUS_COLOURS = {
    WithdrawalStatus.REQUESTED.value: "warning",
    WithdrawalStatus.APPROVED.value: "info",
    WithdrawalStatus.CONFIRMING.value: "info",
    WithdrawalStatus.SENDING.value: "info",
    WithdrawalStatus.PAID.value: "success",
    WithdrawalStatus.REFUSED.value: "danger",
    WithdrawalStatus.CANCELLED.value: "default",
    WithdrawalStatus.CLOSED.value: "danger",
}


class CallBackForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "The distributor reads it. The money can be withdrawn again once the payment service has closed the"
            " transfer, or ten minutes from now if it knows of none."
        )


class StatementForm(forms.Form):
    """Of what ended in these Shanghai days."""

    first_day = DayField(label=gettext_lazy("first day"), widget=UnfoldAdminDateWidget)
    last_day = DayField(label=gettext_lazy("last day"), widget=UnfoldAdminDateWidget)

    def clean(self) -> dict[str, Any]:
        days = super().clean() or {}
        if days.get("first_day") and days.get("last_day") and days["last_day"] < days["first_day"]:
            raise forms.ValidationError(_("The last day is before the first."))
        return days


@admin.register(Withdrawal)
class WithdrawalAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("distributor__member",)
    number_path = "number"
    list_display = ["number", "who", "method", "amount", "net", "shown_status", "shown_note", "requested_at"]
    list_filter = ["status", "method", "requested_at"]
    list_select_related = ["distributor__member", "distributor__account"]
    fields = [
        ("number", "shown_status"),
        ("who", "method"),
        ("amount", "net"),
        ("fee", "tax"),
        ("points", "balance"),
        ("requested_at", "standing"),
        ("reviewed_by", "reviewed_at"),
        ("reason", "ended_at"),
        ("gateway_bill", "shown_note"),
        ("stop_asked_at", "stop_asked_by"),
        ("asked_at", "query_at"),
    ]
    readonly_fields = ["who", "shown_status", "shown_note", "standing", "balance", "amount", "fee", "tax", "net"]
    ordering = ["-pk"]
    actions = ["approve_all", "ask_again"]
    actions_list = ["statement"]
    actions_detail = ["approve", "refuse", "stop"]

    @display(description=gettext_lazy("distributor"))
    def who(self, row: Withdrawal) -> str:
        return link_to_member(row.distributor.member)

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, row: Withdrawal) -> Label:
        if row.is_called_back:
            return Label(WithdrawalStatus.REQUESTED.value, _("Being called back"))
        return Label(row.status, row.get_status_display())

    @display(description=gettext_lazy("gateway's note"))
    def shown_note(self, row: Withdrawal) -> str:
        gateway = payout_gateway()
        return gateway.explain(note=row.gateway_note) if gateway and row.gateway_note else row.gateway_note or "–"

    @display(description=gettext_lazy("amount"), ordering="amount_fen")
    def amount(self, row: Withdrawal) -> str:
        return yuan(row.amount_fen)

    @display(description=gettext_lazy("fee"))
    def fee(self, row: Withdrawal) -> str:
        return yuan(row.fee_fen)

    @display(description=gettext_lazy("tax withheld"))
    def tax(self, row: Withdrawal) -> str:
        return yuan(row.tax_fen)

    @display(description=gettext_lazy("reaches the distributor"), ordering="net_fen")
    def net(self, row: Withdrawal) -> str:
        return yuan(row.net_fen)

    @display(description=gettext_lazy("left besides this"))
    def balance(self, row: Withdrawal) -> str:
        """Below nothing, commission was taken back that is still owed."""
        return yuan(row.distributor.account.available_fen)

    @display(description=gettext_lazy("distributor stands"))
    def standing(self, row: Withdrawal) -> str:
        return row.distributor.get_standing_display()

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("distribution.review_withdrawal")

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, lambda row: row.status == WithdrawalStatus.REQUESTED)

    def has_stop_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, lambda row: row.can_be_called_back)

    def _may(self, request: HttpRequest, object_id: Any, is_so: Callable[[Withdrawal], bool]) -> bool:
        """What is offered is what can be done now."""
        row = Withdrawal.objects.filter(pk=object_id).first()
        return self.has_decide_permission(request) and row is not None and is_so(row)

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    @asks(gettext_lazy("Approve {count} withdrawals? The money is sent."))
    def approve_all(self, request: HttpRequest, queryset: QuerySet[Withdrawal]) -> None:
        def approve(number: str) -> None:
            row = approve_withdrawal(number=number, actor=staff(request), now=clock.now())
            self.log_change(request, row, _("Approved"))

        self._each(request, queryset, approve, _("Withdrawals approved: {count}"))

    @admin.action(description=gettext_lazy("Ask the gateway again"), permissions=["view"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Withdrawal]) -> None:
        def ask(number: str) -> None:
            refresh_payout(number=number, now=clock.now())

        self._each(request, queryset, ask, _("Withdrawals asked about: {count}"))

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["approve"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What goes out to whom is shown once more."""

        def do(row: Withdrawal) -> str:
            approve_withdrawal(number=row.number, actor=staff(request), now=clock.now())
            return _("Approved")

        return self._asked(request, object_id, do, _("Approve"))

    @action(description=gettext_lazy("Refuse"), url_path="refuse", permissions=["approve"], icon="close")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = ReasonForm(request.POST or None)

        def do(row: Withdrawal) -> str:
            reason = form.cleaned_data["reason"]
            refuse_withdrawal(number=row.number, reason=reason, actor=staff(request), now=clock.now())
            return _("Refused: {reason}").format(reason=reason)

        return self._asked(request, object_id, do, _("Refuse"), form)

    @action(description=gettext_lazy("Call back"), url_path="stop", permissions=["stop"], icon="undo")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the distributor has not accepted, or the payment service has refused; free once that can pay no more."""
        form = CallBackForm(request.POST or None)

        def do(row: Withdrawal) -> str:
            reason = form.cleaned_data["reason"]
            stop_withdrawal(number=row.number, reason=reason, actor=staff(request), now=clock.now())
            return _("Called back: {reason}").format(reason=reason)

        return self._asked(request, object_id, do, _("Call back"), form)

    @action(description=gettext_lazy("Statement"), url_path="statement", permissions=["view"], icon="download")
    def statement(self, request: HttpRequest) -> Any:
        form = StatementForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            since = clock.day_bounds(form.cleaned_data["first_day"])[0]
            until = clock.day_bounds(form.cleaned_data["last_day"])[1]
            rows = Withdrawal.objects.filter(ended_at__gte=since, ended_at__lt=until).order_by("ended_at", "pk")
            answer = StreamingHttpResponse(csv_bytes(_lines(rows)), content_type="text/csv; charset=utf-8")
            answer["Content-Disposition"] = 'attachment; filename="withdrawals.csv"'
            return answer
        return form_page(self, request, form=form, title=_("Statement"), buttons=[("go", _("Download"))])

    def _asked(
        self,
        request: HttpRequest,
        object_id: str,
        do: Callable[[Withdrawal], str],
        label: str,
        form: forms.Form | None = None,
    ) -> HttpResponse:
        """Nothing is decided by following a link: the page says what it is about, and its button does it."""
        row = found_or_404(self, request, object_id)
        form = form or forms.Form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                said = do(row)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, row, said)
                messages.success(request, f"{row}: {said}")
                return redirect("admin:distribution_withdrawal_change", row.pk)
        title = f"{label}: {row}"
        return form_page(self, request, form=form, title=title, buttons=[("go", label)], **_money_of(row))

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Withdrawal], act: Callable[[str], None], said: str
    ) -> None:
        done = 0
        for number in queryset.values_list("number", flat=True)[:MOST_AT_ONCE]:
            try:
                act(number)
            except DomainError as refusal:
                self.message_user(request, f"{number}: {refusal}", messages.ERROR)
            else:
                done += 1
        self.message_user(request, said.format(count=done), messages.SUCCESS if done else messages.WARNING)


def _money_of(row: Withdrawal) -> dict[str, Any]:
    amounts = [yuan(fen) for fen in (row.amount_fen, row.fee_fen, row.tax_fen, row.net_fen)]
    standing, left = row.distributor.get_standing_display(), row.distributor.account.available_fen
    paid_as = row.get_method_display()
    if row.points:
        paid_as = f"{paid_as} ({row.points:,})"
    table = {
        "headers": [
            _("distributor"),
            _("amount"),
            _("fee"),
            _("tax withheld"),
            _("reaches the distributor"),
            _("paid as"),
            _("distributor stands"),
            _("left besides this"),
        ],
        "rows": [[str(row.distributor), *amounts, paid_as, standing, yuan(left)]],
    }
    return {"table": table, "table_title": row.number}


def _lines(rows: QuerySet[Withdrawal]) -> Iterator[list[str]]:
    yield [
        _("number"),
        _("distributor"),
        _("paid as"),
        _("status"),
        _("amount"),
        _("fee"),
        _("tax withheld"),
        _("paid out"),
        _("points"),
        _("gateway transfer"),
        _("asked for at"),
        _("ended at"),
    ]
    for row in rows.select_related("distributor__member").iterator(chunk_size=1_000):
        yield [
            row.number,
            harmless(str(row.distributor)),
            row.get_method_display(),
            row.get_status_display(),
            *(plain_yuan(fen) for fen in (row.amount_fen, row.fee_fen, row.tax_fen, row.net_fen)),
            str(row.points),
            row.gateway_bill,
            *(f"{localtime(at):%Y-%m-%d %H:%M:%S}" if at else "" for at in (row.requested_at, row.ended_at)),
        ]
