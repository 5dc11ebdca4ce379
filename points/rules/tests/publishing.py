"""Rules in the database, for tests."""

from points.rules.models import EarningRule, RuleVersion
from points.rules.services import publish_rule
from points.rules.tests.making import SATURDAY
from shop.core.actors import Actor

STAFF = Actor.staff("merchant")


def drafted(spec, *, name="规则") -> EarningRule:
    return EarningRule.objects.create(name=name, draft=spec.stored(), changed_at=SATURDAY)


def publish(spec, *, name="规则", now=SATURDAY) -> RuleVersion:
    return publish_rule(rule_id=drafted(spec, name=name).pk, actor=STAFF, now=now)


def first_rule() -> EarningRule:
    """A point for every yuan, multiplied by the tier: what a new shop starts with."""
    return EarningRule.objects.order_by("pk")[0]
