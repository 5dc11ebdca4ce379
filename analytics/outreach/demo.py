"""One plan of the demo shop that has run: new arrivals announced six days ago, with a control group of a fifth; and one
that a colleague has prepared.
"""

from datetime import datetime, timedelta

from django.db import transaction

from analytics.outreach.models import Plan, Recipe
from analytics.outreach.recipes import begin_with
from analytics.outreach.services import save_plan, start_due, start_plan
from analytics.outreach.services.running import work_on
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI

AGO = timedelta(days=6)
MANAGER = Actor.staff("operator")
FIFTH_BP = 2000


def load(*, size: str, now: datetime) -> str:
    if Plan.objects.exists():
        return "plans are there"
    at = (now - AGO).astimezone(SHANGHAI).replace(hour=10, minute=0, second=0, microsecond=0)
    plan = begin_with(recipe=Recipe.ARRIVALS, actor=MANAGER, now=at)
    plan.control_bp = FIFTH_BP
    with transaction.atomic():
        save_plan(plan=plan, actor=MANAGER, now=at)
    start_plan(plan_id=plan.pk, actor=MANAGER, now=at)
    start_due(now=at)
    run = plan.runs.get()
    while work_on(run_id=run.pk, now=at):
        pass
    run.refresh_from_db()
    begin_with(recipe=Recipe.WAKE, actor=MANAGER, now=now)
    return f"{run.treated} members reached, {run.control} held out"
