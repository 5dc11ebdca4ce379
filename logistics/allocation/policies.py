"""The live policy as plain data, and its versions."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from logistics.allocation.errors import PolicyNotDraft
from logistics.allocation.models import AllocationPolicy, AllocationRule
from logistics.allocation.terms import Rule, Terms
from shop.catalog.models import Category
from shop.core.actors import Actor
from shop.core.kept import Kept
from shop.core.transactions import use_case

WEIGHTS = (
    "per_parcel_fen",
    "distance_fen",
    "promise_hours",
    "late_hour_fen",
    "promise_worth_fen",
    "hold_fen",
    "priority_fen",
)


def terms_of(policy: AllocationPolicy) -> Terms:
    rules = policy.rules.select_related("category").prefetch_related("warehouses").order_by("position", "pk")
    return Terms(
        version=policy.version,
        **{name: getattr(policy, name) for name in WEIGHTS},
        rules=tuple(_rule(rule, number) for number, rule in enumerate(rules, 1)),
    )


def live_terms() -> Terms:
    """As they were a few seconds ago at most; the defaults before anything was published."""
    return LIVE.value()


@use_case
def publish_policy(*, policy_id: int, actor: Actor, now: datetime) -> AllocationPolicy:
    """A draft becomes what decisions are taken under, the one before it retires. Raises PolicyNotDraft."""
    policy = AllocationPolicy.objects.select_for_update().get(pk=policy_id)
    if policy.status != AllocationPolicy.Status.DRAFT:
        raise PolicyNotDraft
    AllocationPolicy.objects.filter(status=AllocationPolicy.Status.LIVE).update(status=AllocationPolicy.Status.RETIRED)
    policy.status, policy.published_by, policy.published_at = AllocationPolicy.Status.LIVE, str(actor), now
    policy.save(update_fields=["status", "published_by", "published_at"])
    transaction.on_commit(LIVE.forget)
    return policy


@use_case
def draft_from(*, policy_id: int, actor: Actor, now: datetime) -> AllocationPolicy:
    """A new draft that says what this version says."""
    source = AllocationPolicy.objects.get(pk=policy_id)
    weights = {name: getattr(source, name) for name in WEIGHTS}
    draft = AllocationPolicy.objects.create(
        version=next_version(), note=source.note, created_by=str(actor), created_at=now, **weights
    )
    for rule in source.rules.order_by("position", "pk"):
        copied = AllocationRule.objects.create(
            policy=draft,
            position=rule.position,
            provinces=rule.provinces,
            category_id=rule.category_id,
            effect=rule.effect,
        )
        copied.warehouses.set(rule.warehouses.all())
    return draft


def next_version() -> int:
    return (AllocationPolicy.objects.aggregate(last=Max("version"))["last"] or 0) + 1


def _live() -> Terms:
    policy = AllocationPolicy.objects.filter(status=AllocationPolicy.Status.LIVE).first()
    return Terms() if policy is None else terms_of(policy)


def _rule(rule: AllocationRule, position: int) -> Rule:
    categories: set[int] = set()
    if rule.category is not None:
        categories = set(Category.get_tree(rule.category).values_list("pk", flat=True))
    return Rule(
        position=position,
        only=rule.effect == AllocationRule.Effect.ONLY,
        provinces=tuple(sorted(rule.provinces)),
        categories=tuple(sorted(categories)),
        warehouses=tuple(sorted(warehouse.pk for warehouse in rule.warehouses.all())),
    )


LIVE = Kept(_live)
