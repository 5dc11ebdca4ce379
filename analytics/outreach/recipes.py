"""Ready-made plans: complete as they are, so that a merchant looks at whom it would reach and starts it.

Texts are English msgids, written into the draft in the shop's language; from then on they are the merchant's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy, gettext_noop, override

from analytics.buyers.models import Stage
from analytics.buyers.services.segments import stage_segment
from analytics.outreach.models import Every, Page, Plan, Recipe, Whom
from analytics.outreach.services.life import save_plan
from shop.core.actors import Actor
from shop.core.transactions import use_case


@dataclass(frozen=True)
class Ready:
    """`why` says on the merchant's page what it is for; `stage` is the segment it is meant for."""

    recipe: Recipe
    icon: str
    why: Any
    title: str
    text: str
    stage: Stage | None = None
    said: Mapping[str, Any] = field(default_factory=dict)


READY: tuple[Ready, ...] = (
    Ready(
        Recipe.WAKE,
        "alarm",
        gettext_lazy("Members who bought before and have not been seen lately get points and a word, once a week."),
        gettext_noop("We have missed you"),
        gettext_noop("{points} points are on your account. Come and see what is new."),
        Stage.DORMANT,
        {"points": 50, "every": Every.WEEK, "weekday": 3, "hour": 10, "rest_days": 60, "most_people": 500},
    ),
    Ready(
        Recipe.THANK,
        "favorite",
        gettext_lazy("Members who buy most get points as thanks, once a month."),
        gettext_noop("Thank you for being with us"),
        gettext_noop("{points} points are yours, with our thanks."),
        Stage.HIGH_VALUE,
        {"points": 100, "every": Every.MONTH, "month_day": 1, "hour": 10, "rest_days": 27, "most_people": 500},
    ),
    Ready(
        Recipe.CART,
        "shopping_cart",
        gettext_lazy("Members who left something in the cart and have not ordered are reminded, every hour."),
        gettext_noop("Something is waiting in your cart"),
        gettext_noop("What you chose is still there. Have another look before it is sold out."),
        None,
        {
            "whom": Whom.CARTS,
            "every": Every.HOUR,
            "idle_hours": 4,
            "within_days": 3,
            "rest_days": 7,
            "window_days": 3,
            "page": Page.CART,
            "most_people": 1000,
        },
    ),
    Ready(
        Recipe.POINTS,
        "hourglass_bottom",
        gettext_lazy("Members whose points expire within two weeks are shown what these can be had for, once a week."),
        gettext_noop("{expiring} of your points are about to expire"),
        gettext_noop("Spend them in the points mall while they are there."),
        None,
        {
            "whom": Whom.EXPIRING,
            "every": Every.WEEK,
            "weekday": 5,
            "hour": 10,
            "within_days": 14,
            "rest_days": 13,
            "page": Page.POINTS,
            "most_people": 1000,
        },
    ),
    Ready(
        Recipe.ARRIVALS,
        "new_releases",
        gettext_lazy("All members hear once that something new has come."),
        gettext_noop("New arrivals"),
        gettext_noop("We have put new things on the shelf. Be among the first to see them."),
        None,
        {"whom": Whom.EVERYBODY, "page": Page.HOME},
    ),
    Ready(
        Recipe.RULES,
        "gavel",
        gettext_lazy("All members hear once that the rules of points have changed. Nobody is held out."),
        gettext_noop("Our rules of points have changed"),
        gettext_noop("Please read how points are earned and spent from now on."),
        None,
        {"whom": Whom.EVERYBODY, "page": Page.POINTS, "control_bp": 0},
    ),
)
BY_RECIPE = {ready.recipe: ready for ready in READY}


@use_case
def begin_with(*, recipe: str, actor: Actor, now: datetime) -> Plan:
    """A draft that could start as it is. Raises KeyError for a recipe that is not there."""
    ready = BY_RECIPE[Recipe(recipe)]
    with override(settings.LANGUAGE_CODE):
        words = {"name": str(ready.recipe.label), "title": gettext(ready.title), "text": gettext(ready.text)}
    segments = [stage_segment(ready.stage).pk] if ready.stage else []
    plan = Plan(recipe=ready.recipe, segment_ids=segments, **words, **ready.said)
    save_plan(plan=plan, actor=actor, now=now)
    return plan
