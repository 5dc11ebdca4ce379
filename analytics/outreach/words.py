"""What a plan says to one member, and where it leads."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from analytics.outreach.models import Page, Plan, Whom
from analytics.outreach.whom import expiring_lots
from members.notifications.texts import complaints, render

# What the merchant's words may name, and what that is.
FIELDS = {
    "points": _("points that the plan gives"),
    "coupon": _("name of the coupon that it gives"),
    "expiring": _("points of the member that are about to expire"),
}
_PATHS = {
    Page.HOME: "pages/index/index",
    Page.CART: "pages/cart/index",
    Page.COUPONS: "pages/coupons/index",
    Page.POINTS: "pages/points/index",
    Page.PRODUCT: "pages/product/detail",
    Page.COLLECTION: "pages/collection/detail",
}


def fields_of(plan: Plan) -> list[str]:
    """What the words of this plan may name."""
    has = {"points": plan.points, "coupon": plan.coupon_template_id, "expiring": plan.whom == Whom.EXPIRING}
    return [name for name in FIELDS if has[name]]


def wrong_words(plan: Plan) -> list[str]:
    return [said for text in (plan.title, plan.text) for said in complaints(text, allowed=fields_of(plan))]


def link_of(plan: Plan) -> str:
    """With the plan's name for events: fronts hand `campaign` on, so that opens and clicks are its own."""
    page = Page(plan.page)
    target = {Page.PRODUCT: plan.product_id, Page.COLLECTION: plan.collection_id}.get(page)
    chosen = f"id={target}&" if target else ""
    return f"{_PATHS[page]}?{chosen}campaign={plan.campaign}"


def messages(plan: Plan, member_ids: Sequence[int], *, now: datetime) -> Mapping[int, dict[str, str]]:
    """Title, text and link for each of them; one query at most."""
    expiring = _expiring(plan, member_ids, now) if plan.whom == Whom.EXPIRING else {}
    known = {
        "points": str(plan.points),
        "coupon": plan.coupon_template.name if plan.coupon_template else "",
    }
    link = link_of(plan)
    found = {}
    for pk in member_ids:
        values = {**known, "expiring": str(expiring.get(pk, 0))}
        found[pk] = {"title": render(plan.title, values), "text": render(plan.text, values), "link": link}
    return found


def _expiring(plan: Plan, member_ids: Sequence[int], now: datetime) -> dict[int, int]:
    lots = expiring_lots(plan, now=now).filter(member__in=member_ids)
    return dict(lots.values("member").annotate(left=Sum(F("remaining") - F("held"))).values_list("member", "left"))
