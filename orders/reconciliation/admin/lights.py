"""How a day's light, sums and differences are shown."""

from datetime import datetime

from django.db.models import Case, When
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.payments.gateways.words import in_words
from orders.reconciliation.models import Difference, DifferenceState, Reconciliation
from orders.reconciliation.queries import Light, light_of
from shop.core.dashboard import Figure, FiguresPanel, ListPanel
from shop.core.labels import Label
from shop.core.money import yuan

LIGHTS = {
    Light.WAITING: gettext_lazy("waiting for the bill"),
    Light.DIFFERS: gettext_lazy("differs"),
    Light.BALANCED: gettext_lazy("balanced"),
}
LIGHT_COLOURS = {Light.WAITING: "warning", Light.DIFFERS: "danger", Light.BALANCED: "success"}
KIND_COLOURS = {
    "missing_here": "danger",
    "missing_there": "danger",
    "amount": "danger",
    "status": "warning",
    "duplicate": "warning",
}
STATE_COLOURS = {"open": "danger", "explained": "success", "resolved": "success", "gone": "default"}
# Of a day with more differences the page shows the first; the list has them all.
MOST_SHOWN = 50


def shown_light(day: Reconciliation, open_differences: int) -> Label:
    light = light_of(day, open_differences=open_differences)
    return Label(light, str(LIGHTS[light]))


def link(view: str, pk: int, text: str) -> str:
    """A link to the change page of `app_model`."""
    address = reverse(f"admin:{view}_change", args=[pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text)


def day_panels(day: Reconciliation) -> list[FiguresPanel | ListPanel]:
    """A day at a glance, its sums on both sides, and what differs; empty of sums while the bill is awaited."""
    opened = day.differences.filter(state="open").count()
    if day.status == Reconciliation.Status.WAITING:
        return [_awaited(day)]
    return [_glance(day, opened), _sums(day), _differences(day)]


def _awaited(day: Reconciliation) -> FiguresPanel:
    return FiguresPanel(
        _("The bill has not been had yet"),
        [
            Figure(_("Last try"), _local(day.tried_at), note=in_words(day.failure)),
            Figure(_("Tries"), str(day.tries)),
            Figure(_("Next try"), _local(day.try_at), note=_("by itself")),
        ],
    )


def _glance(day: Reconciliation, opened: int) -> FiguresPanel:
    _light, words = shown_light(day, opened)
    net = day.bill_paid_fen - day.bill_refunded_fen - day.bill_fee_fen
    return FiguresPanel(
        words.capitalize(),
        [
            Figure(_("Open differences"), str(opened)),
            Figure(_("Left after refunds and fee"), yuan(net), note=_("by the gateway's bill")),
            Figure(_("Fee"), yuan(day.bill_fee_fen)),
            Figure(
                _("Carried over"),
                str(day.carried),
                note=_("movements of ours that stand on another day's bill, or are still under way"),
            ),
        ],
    )


def _sums(day: Reconciliation) -> ListPanel:
    def money(title: str, ours: int, theirs: int) -> list[str]:
        return [title, yuan(ours), yuan(theirs), yuan(ours - theirs) if ours != theirs else "–"]

    def count(title: str, ours: int, theirs: int) -> list[str]:
        return [title, f"{ours:,}", f"{theirs:,}", f"{ours - theirs:+,}" if ours != theirs else "–"]

    return ListPanel(
        _("Sums"),
        ["", _("our books"), _("the gateway's bill"), _("difference")],
        [
            count(_("Payments"), day.book_payments, day.bill_payments),
            money(_("Paid"), day.book_paid_fen, day.bill_paid_fen),
            count(_("Refunds"), day.book_refunds, day.bill_refunds),
            money(_("Refunded"), day.book_refunded_fen, day.bill_refunded_fen),
            money(
                _("Left before the fee"),
                day.book_paid_fen - day.book_refunded_fen,
                day.bill_paid_fen - day.bill_refunded_fen,
            ),
        ],
    )


def _differences(day: Reconciliation) -> ListPanel:
    opened_first = Case(When(state=DifferenceState.OPEN, then=0), default=1)
    rows = day.differences.order_by(opened_first, "pk")[:MOST_SHOWN]
    shown = [
        [
            link("reconciliation_difference", each.pk, each.number),
            each.get_subject_display(),
            each.get_kind_display(),
            amount(each.book_fen),
            amount(each.bill_fen),
            each.get_state_display(),
        ]
        for each in rows
    ]
    address = reverse("admin:reconciliation_difference_changelist") + f"?reconciliation__id__exact={day.pk}"
    return ListPanel(
        _("Differences"),
        [_("number"), _("kind"), _("difference"), _("our books"), _("the gateway's bill"), _("state")],
        shown or [[_("None: every movement stands on both sides."), "", "", "", "", ""]],
        link=address if shown else "",
    )


def _local(instant: datetime | None) -> str:
    return date_format(localtime(instant), "Y-m-d H:i") if instant else "–"


def amount(fen: int | None) -> str:
    return "–" if fen is None else yuan(fen)


def subject_link(difference: Difference) -> str:
    """The payment or refund, when it is ours."""
    if difference.refund is not None:
        return link("payments_refund", difference.refund.pk, difference.number)
    if difference.payment is not None:
        return link("payments_payment", difference.payment.pk, difference.number)
    return difference.number


def order_link(difference: Difference) -> str:
    order = difference.payment.order if difference.payment else None
    return link("checkout_order", order.pk, order.number) if order else "–"
