"""What the merchant fills in of a plan: segments, goods and coupons are picked, shares typed in percent."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.outreach.models import Page, Plan, Whom
from analytics.outreach.words import FIELDS
from members.segments.models import Segment
from promotions.campaigns.queries import live_at
from promotions.coupons.models import CouponTemplate
from shop.core import clock
from shop.core.picking import PickingForm, chosen_from

NARROWED = gettext_lazy("Of carts, points and all members: nothing chosen means no narrower.")
SAYS = gettext_lazy("May name {names}.")


class PlanForm(PickingForm):
    PICKED = {"segment_ids": "segments", "without_segment_ids": "without_segments"}

    segments = chosen_from(Segment.objects, gettext_lazy("segments"), NARROWED)
    without_segments = chosen_from(Segment.objects, gettext_lazy("not in segments"))

    class Meta:
        model = Plan
        exclude = ["recipe", "segment_ids", "without_segment_ids"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "coupon_template" in self.fields:
            field = self.fields["coupon_template"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = _given_now(self.instance)
        for name in {"title", "text"} & self.fields.keys():
            shown = ", ".join(f"{{{each}}} ({FIELDS[each]})" for each in FIELDS)
            self.fields[name].help_text = str(SAYS).replace("{names}", shown)

    def clean(self) -> dict[str, Any]:
        """What must be there before it starts is said when it starts; this is what can never be."""
        given = super().clean() or self.cleaned_data
        if given.get("whom") == Whom.SEGMENTS and not given.get("segments"):
            self.add_error("segments", _("Choose at least one segment."))
        for page, name in ((Page.PRODUCT, "product"), (Page.COLLECTION, "collection")):
            if given.get("speaks") and given.get("page") == page and not given.get(name):
                self.add_error(name, _("Choose where the message leads."))
        return given


def _given_now(plan: Plan) -> QuerySet[CouponTemplate]:
    """Coupons that can be handed out, and the one that is chosen already."""
    live = CouponTemplate.objects.filter(live_at(clock.now()), halted="").exclude(way=CouponTemplate.Way.CODES)
    return (live | CouponTemplate.objects.filter(pk=plan.coupon_template_id or 0)).order_by("-pk")
