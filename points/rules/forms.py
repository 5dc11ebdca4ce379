"""What the merchant fills in: one form for a rule, and small ones for trying it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.fields import UnfoldAdminMultipleAutocompleteModelChoiceField
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from members.segments.models import Segment
from members.tiers.models import Tier
from points.ledger.models import ExpiryPolicy
from points.rules import drafting
from points.rules.events import declared_kinds, kind_of
from points.rules.models import EarningRule, Holiday
from points.rules.spec import MOST_POINTS, Combine, Period, RuleSpec, Scope, Unit
from shop.catalog.models import Brand, Category, Product
from shop.core.channels import CHANNEL_CHOICES
from shop.core.forms import YuanField

PRODUCTS_URL = "admin:rules_earningrule_products"
INDENT = "\u3000"
EFFECTS = (
    (drafting.PER_AMOUNT, _("Points for what is paid")),
    (drafting.MULTIPLIER, _("Multiply the points of other rules")),
    (drafting.FIXED, _("A fixed number of points")),
    (drafting.BY_TIER, _("A number of points by tier")),
    (drafting.BY_STREAK, _("A number of points by days in a row")),
)
WEEKDAYS = (
    ("1", _("Monday")),
    ("2", _("Tuesday")),
    ("3", _("Wednesday")),
    ("4", _("Thursday")),
    ("5", _("Friday")),
    ("6", _("Saturday")),
    ("7", _("Sunday")),
)
HOLIDAYS = (
    (drafting.NO_HOLIDAYS, _("on any day")),
    (drafting.ANY_HOLIDAY, _("on all holidays")),
    (drafting.THESE_HOLIDAYS, _("on some holidays")),
)
UNITS = ((Unit.POINTS.value, _("points")), (Unit.TIMES.value, _("times")))
SCOPES = ((Scope.MEMBER.value, _("for each member")), (Scope.EVERYBODY.value, _("for all members together")))
PERIODS = (
    (Period.DAY.value, _("a day")),
    (Period.WEEK.value, _("a week")),
    (Period.MONTH.value, _("a month")),
    (Period.CAMPAIGN.value, _("in all")),
    (Period.ORDER.value, _("each time")),
)
LIMIT_PARTS = (("unit", _("Unit"), UNITS), ("period", _("Period"), PERIODS), ("scope", _("Counted"), SCOPES))
COMBINE = (
    (Combine.STACK.value, _("Adds to the others")),
    (Combine.BEST.value, _("Of its group only the one that gives most")),
    (Combine.FIRST.value, _("Of its group only the first by priority")),
    (Combine.EXCLUSIVE.value, _("Stands alone: no other rule of its kind acts")),
)


class CategoriesField(forms.ModelMultipleChoiceField):
    """The whole tree, each level indented."""

    def label_from_instance(self, obj: Category) -> str:
        return INDENT * (obj.depth - 1) + obj.name


def _whole(label: Any, *, least: int = 1, most: int = MOST_POINTS, **options: Any) -> forms.IntegerField:
    widget = UnfoldAdminIntegerFieldWidget
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=most, widget=widget, **options)


def _switch(label: Any, **options: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=UnfoldBooleanSwitchWidget, **options)


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=UnfoldAdminDateWidget, **options)


def _choice(label: Any, choices: Iterable[tuple[str, Any]], **options: Any) -> forms.ChoiceField:
    widget = UnfoldAdminSelectWidget
    return forms.ChoiceField(label=label, required=False, choices=tuple(choices), widget=widget, **options)


def _several(label: Any, model: Any, **options: Any) -> forms.ModelMultipleChoiceField:
    field = options.pop("field", forms.ModelMultipleChoiceField)
    order = options.pop("order", "pk")
    rows = model.objects.order_by(order)
    return field(rows, label=label, required=False, widget=UnfoldAdminSelect2MultipleWidget, **options)


def _products(label: Any) -> UnfoldAdminMultipleAutocompleteModelChoiceField:
    rows = Product.objects.order_by("pk")
    return UnfoldAdminMultipleAutocompleteModelChoiceField(PRODUCTS_URL, rows, label=label, required=False)


class RuleForm(forms.ModelForm):
    """A rule's draft."""

    event = forms.ChoiceField(label=_("Earned by"), widget=UnfoldAdminSelectWidget)
    effect = forms.ChoiceField(label=_("What it gives"), choices=EFFECTS, widget=UnfoldAdminSelectWidget)
    rate_points = _whole(_("Points"), initial=1)
    rate_fen = YuanField(label=_("for each"), required=False, initial=100)
    times = forms.DecimalField(
        label=_("Times"),
        required=False,
        min_value=1,
        max_value=100,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("2 doubles what the other rules give for these goods, 1.5 adds half."),
    )
    points = _whole(_("Points each time"))
    streak_repeats = _switch(_("After the last day it starts again"))

    tiers = _several(_("Tiers"), Tier, to_field_name="code", help_text=_("Blank: all members."))
    segments = _several(_("Segments"), Segment)
    channels = forms.MultipleChoiceField(
        label=_("Fronts"), required=False, choices=CHANNEL_CHOICES, widget=UnfoldAdminSelect2MultipleWidget
    )
    first_order = _switch(_("Only the first order"))

    weekdays = forms.MultipleChoiceField(
        label=_("Days of the week"),
        required=False,
        choices=WEEKDAYS,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: every day."),
    )
    days_first = _day(_("From day"))
    days_last = _day(_("To day"))
    member_day = _switch(_("Only on member day"))
    on_holidays = _choice(_("Holidays"), HOLIDAYS)
    holidays = _several(_("Which holidays"), Holiday, order="first_day")

    categories = _several(_("Categories"), Category, order="path", field=CategoriesField)
    products = _products(_("Products"))
    brands = _several(_("Brands"), Brand, order="name")
    not_categories = _several(_("but not categories"), Category, order="path", field=CategoriesField)
    not_products = _products(_("but not products"))
    not_brands = _several(_("but not brands"), Brand, order="name")
    minimum_fen = YuanField(label=_("Only from this amount of these goods"), required=False)

    tier_multiplier = _switch(_("The tier's multiplier acts on it"))
    expiry_policy = forms.ModelChoiceField(
        ExpiryPolicy.objects.all(),
        label=_("The points expire"),
        required=False,
        empty_label=_("As all points do"),
        widget=UnfoldAdminSelectWidget,
    )
    combine = _choice(_("Beside other rules"), COMBINE)
    group = forms.CharField(label=_("Group"), required=False, max_length=40, widget=UnfoldAdminTextInputWidget)
    priority = _whole(_("Priority"), least=-1000, most=1000, initial=0, help_text=_("Higher comes first."))
    first_day = _day(_("Valid from"))
    last_day = _day(_("Last day"), help_text=_("Blank: until it is paused."))

    class Meta:
        model = EarningRule
        fields = ["name"]
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        self.tier_codes: dict[int, str] = dict(Tier.objects.order_by("pk").values_list("pk", "code"))
        if instance is not None and instance.pk:
            filled = drafting.values_of(instance.spec, self.tier_codes)
            kwargs["initial"] = {**filled, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        # Only the rule that a new shop starts with has none.
        self.fields["name"].required = not (self.instance.pk and not self.instance.name)
        self._add_tables()
        self._offer_events()
        for name in ("products", "not_products"):
            self._offer_chosen(name)

    @property
    def spec(self) -> RuleSpec | None:
        """The rule as far as the form says it, whether or not it may be saved yet."""
        return drafting.spec_from(getattr(self, "cleaned_data", {}), self.tier_codes)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and self.spec is None:
            raise ValidationError(_("Say how many points the rule gives."))
        for first, last in (("first_day", "last_day"), ("days_first", "days_last")):
            if drafting.is_backwards(cleaned.get(first), cleaned.get(last)):
                self.add_error(last, _("The last day comes before the first."))
        self._check_event(cleaned)
        if cleaned.get("combine") in (Combine.BEST, Combine.FIRST) and not cleaned.get("group"):
            self.add_error("group", _("Name the group; rules of one group carry the same name."))
        if cleaned.get("on_holidays") == drafting.THESE_HOLIDAYS and not cleaned.get("holidays"):
            self.add_error("holidays", _("Choose some."))
        for row in range(1, drafting.LIMIT_ROWS + 1):
            if cleaned.get(f"limit_{row}_unit") == Unit.TIMES and cleaned.get(f"limit_{row}_period") == Period.ORDER:
                self.add_error(f"limit_{row}_period", _("Each time is one time already."))
        return cleaned

    def save(self, commit: bool = True) -> EarningRule:
        spec = self.spec
        assert spec is not None
        self.instance.draft = spec.stored()
        return super().save(commit)

    def _check_event(self, cleaned: dict[str, Any]) -> None:
        kind = kind_of(cleaned.get("event", ""))
        if not kind.has_goods:
            if cleaned.get("effect") == drafting.PER_AMOUNT:
                self.add_error("effect", _("Nothing is paid for here; choose another effect."))
            about_goods = ("categories", "products", "brands", "not_categories", "not_products", "not_brands")
            for name in (*about_goods, "minimum_fen", "first_order"):
                if cleaned.get(name):
                    self.add_error(name, _("There are no goods here."))
        if cleaned.get("effect") == drafting.BY_STREAK and not kind.has_streak:
            self.add_error("effect", _("No days in a row are counted here; choose another effect."))

    def _add_tables(self) -> None:
        for tier in Tier.objects.order_by("pk"):
            self._add(f"tier_{tier.pk}_points", _whole(tier.name))
        for row in range(1, drafting.STREAK_ROWS + 1):
            self._add(f"streak_{row}_day", _whole(_("From this day in a row"), most=366))
            self._add(f"streak_{row}_points", _whole(_("Points")))
        for row in range(1, drafting.LIMIT_ROWS + 1):
            self._add(f"limit_{row}_amount", _whole(_("At most")))
            for part, label, choices in LIMIT_PARTS:
                self._add(f"limit_{row}_{part}", _choice(label, choices))

    def _add(self, name: str, field: forms.Field) -> None:
        self.fields[name] = field

    def _offer_events(self) -> None:
        field = self.fields["event"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, kind.label) for code, kind in declared_kinds().items()]

    def _offer_chosen(self, name: str) -> None:
        """Only the chosen products are written into the page; the others are found by typing."""
        data: Any = self.data
        ids = data.getlist(name) if self.is_bound else self.initial.get(name, [])
        chosen = Product.objects.filter(pk__in=[pk for pk in ids if str(pk).isdecimal()])
        self.fields[name].widget.choices = [(product.pk, product.name) for product in chosen]


class BacktestForm(forms.Form):
    first_day = forms.DateField(label=_("First day"), widget=UnfoldAdminDateWidget)
    last_day = forms.DateField(label=_("Last day"), widget=UnfoldAdminDateWidget)
    ignores_validity = forms.BooleanField(
        label=_("as if it had been valid"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Tries the draft on these days though its validity lies elsewhere."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if drafting.is_backwards(cleaned.get("first_day"), cleaned.get("last_day")):
            self.add_error("last_day", _("The last day comes before the first."))
        return cleaned
