"""Staff ask for an after-sale in a member's name, and the shop's policies on one page, tried on an example."""

from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from orders.after_sales.admin.forms import MOST_CHARACTERS, fields_named
from orders.after_sales.admin.panels import GoesBack, sums
from orders.after_sales.engine import Assessment
from orders.after_sales.examples import example
from orders.after_sales.models import ASKED_FOR, AfterSale, Kind
from orders.after_sales.policies import SETTINGS, policy_of
from orders.after_sales.sentences import say
from orders.after_sales.services import Wanted, Wish, ask, preview
from orders.after_sales.standing import Standing, standings
from orders.checkout.models import Order
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.preference_forms import preference_field, preference_label
from shop.core.preferences import set_preference
from shop.core.screens import form_page, staff

LOOK, OPEN, SAVE = "look", "open", "save"
_UNITS, _OTHER = "units_", "other_"


class OrderForm(forms.Form):
    order = forms.CharField(label=gettext_lazy("Order number"), max_length=40, widget=UnfoldAdminTextInputWidget)

    def clean_order(self) -> Order:
        found = Order.objects.filter(number__iexact=self.cleaned_data["order"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("There is no such order."))
        return found


class OpenForm(forms.Form):
    """Units of each line of one order; in an exchange what goes out for them."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices, widget=UnfoldAdminSelectWidget)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=ASKED_FOR, widget=UnfoldAdminSelectWidget)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )

    def __init__(self, *args: Any, lines: list[Standing], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = _same_price(lines)
        for standing in lines:
            ordered, pk = standing.line, standing.line.pk
            name = f"{ordered.product_name} {ordered.options}".strip()
            self.fields[f"{_UNITS}{pk}"] = forms.IntegerField(
                label=name,
                help_text=_("{left} of {all} can be asked for, {shipped} of them were shipped.").format(
                    left=standing.left, all=ordered.quantity, shipped=standing.returnable
                ),
                min_value=0,
                max_value=standing.left,
                initial=0,
                required=False,
                widget=UnfoldAdminIntegerFieldWidget,
            )
            choices = [(sku.pk, f"{sku.code} {sku.options_label}") for sku in others.get(ordered.sku_id, [])]
            if choices:
                self.fields[f"{_OTHER}{pk}"] = forms.TypedChoiceField(
                    label=_("{goods}: in exchange").format(goods=name),
                    choices=[("", _("The same again")), *choices],
                    coerce=int,
                    empty_value=None,
                    required=False,
                    widget=UnfoldAdminSelectWidget,
                )

    @property
    def wish(self) -> Wish:
        said = self.cleaned_data
        other = dict(fields_named(self, _OTHER)) if said["kind"] == Kind.EXCHANGE else {}
        wanted = [Wanted(pk, units, other.get(pk)) for pk, units in fields_named(self, _UNITS) if units]
        return Wish(Kind(said["kind"]), wanted, said["reason"], said["description"])


class PoliciesForm(forms.Form):
    def __init__(self, *args: Any, locked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for declared in SETTINGS:
            self.fields[declared.key] = preference_field(
                declared, label=preference_label(declared), help_text=declared.help_text
            )
            self.fields[declared.key].disabled = locked
            self.initial[declared.key] = declared.value()


class OpeningPages(ModelAdmin):
    """The part of the desk that begins after-sales and rules them."""

    def has_open_for_member_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("after_sales.add_aftersale")

    @action(
        description=gettext_lazy("Open for a member"),
        url_path="open-for-member",
        permissions=["open_for_member"],
        icon="add",
    )
    def open_for_member(self, request: HttpRequest) -> HttpResponse:
        """First the order, then its lines; what would go back is shown before anything is asked for."""
        chosen = OrderForm(request.GET if "order" in request.GET else request.POST or None)
        if not chosen.is_valid():
            return form_page(self, request, form=chosen, title=_("Open for a member"), buttons=[("", _("Go on"))])
        if "order" not in request.GET:
            return redirect(f"{request.path}?order={chosen.cleaned_data['order'].number}")
        order = chosen.cleaned_data["order"]
        form = OpenForm(request.POST or None, lines=standings(order))
        shown: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            try:
                if request.POST.get("do") == OPEN:
                    return self._opened(request, order, form.wish)
                draft = preview(number=order.number, member_id=order.member_id, wish=form.wish, now=clock.now())
                shown = {"before": "admin/orders/goes_back.html", "goes_back": _shown(draft.assessment)}
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        title = _("After-sale of order {number}").format(number=order.number)
        buttons = [(LOOK, _("Show what goes back")), (OPEN, _("Ask for it"))]
        return form_page(self, request, form=form, title=title, buttons=buttons, **shown)

    def _opened(self, request: HttpRequest, order: Order, wish: Wish) -> HttpResponse:
        made: AfterSale = ask(number=order.number, wish=wish, actor=staff(request), now=clock.now())
        self.log_addition(request, made, _("Opened for the member"))
        messages.success(request, _("After-sale {number} was opened.").format(number=made.number))
        return redirect("admin:after_sales_aftersale_change", made.pk)

    def has_change_policies_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=gettext_lazy("Policies"), url_path="policies", permissions=["change_policies"], icon="policy")
    def change_policies(self, request: HttpRequest) -> HttpResponse:
        """What is given back, tried on an example before it is saved."""
        may_change = request.user.has_perm("core.change_preferencevalue")
        form = PoliciesForm(request.POST or None, locked=not may_change)
        values = {declared.key: declared.value() for declared in SETTINGS}
        if request.method == "POST" and form.is_valid():
            if not may_change:
                raise PermissionDenied
            values = form.cleaned_data
            if request.POST.get("do") == SAVE:
                changed = sum(set_preference(declared, values[declared.key]) for declared in SETTINGS)
                messages.success(request, _("Saved; {count} answers are new.").format(count=changed))
                return redirect(request.path)
        assessment = example(policy_of(values))
        buttons = [(LOOK, _("Try on the example")), (SAVE, _("Save"))] if may_change else [("", _("Show"))]
        return form_page(
            self,
            request,
            form=form,
            title=_("Policies of after-sales"),
            before="admin/orders/policy_example.html",
            goes_back=_shown(assessment),
            buttons=buttons,
        )


def _shown(assessment: Assessment | None) -> GoesBack | None:
    if assessment is None:
        return None
    return GoesBack(sums(msgspec.to_builtins(assessment)), say(assessment.explanations, to_staff=True), is_final=False)


def _same_price(lines: list[Standing]) -> dict[int, list[Sku]]:
    """By SKU id what can go out in exchange for it: others of its product at its price, in one query."""
    products = {standing.line.product_id for standing in lines}
    skus = list(Sku.objects.filter(product__in=products).order_by("pk"))
    found: dict[int, list[Sku]] = {}
    for one in skus:
        found[one.pk] = [
            other
            for other in skus
            if other.is_active
            and (other.product_id, other.price_fen) == (one.product_id, one.price_fen)
            and other.pk != one.pk
        ]
    return found
