"""Rules come and go: each change of what is live is a new version of the rule set."""

from collections.abc import Iterable
from datetime import datetime

from points.rules.errors import GroupDisagrees, NothingNew, RuleLive, RuleNotLive, RuleOver
from points.rules.live import SEEN
from points.rules.models import EarningRule, RuleSetVersion, RuleVersion
from points.rules.spec import Combine, RuleSpec
from shop.catalog.cache import touch_listing
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case

Reason = RuleSetVersion.Reason


def save_draft(*, rule: EarningRule, spec: RuleSpec, now: datetime) -> EarningRule:
    """Write down what the rule is to say; nothing changes for members. Inside the caller's transaction."""
    rule.draft, rule.changed_at = spec.stored(), now
    rule.save()
    return rule


@use_case
def publish_rule(*, rule_id: int, actor: Actor, now: datetime) -> RuleVersion:
    """Let the draft act from now on. Raises NothingNew, RuleOver, GroupDisagrees."""
    newest = _lock_set()
    rule = EarningRule.objects.select_related("live").get(pk=rule_id)
    if not rule.has_news:
        raise NothingNew
    _check(rule.pk, rule.spec, newest, now)
    version = RuleVersion.objects.create(
        rule=rule,
        number=rule.versions.count() + 1,
        name=rule.name,
        definition=rule.draft,
        actor=str(actor)[:80],
        created_at=now,
    )
    _go_over(rule, version, newest, Reason.PUBLISHED, actor, now)
    return version


@use_case
def pause_rule(*, rule_id: int, actor: Actor, now: datetime) -> None:
    """Let the rule act no more; what it gave stays given. Raises RuleNotLive."""
    newest = _lock_set()
    rule = EarningRule.objects.select_related("live").get(pk=rule_id)
    if rule.live is None:
        raise RuleNotLive
    _go_over(rule, None, newest, Reason.PAUSED, actor, now)


@use_case
def resume_rule(*, rule_id: int, actor: Actor, now: datetime) -> RuleVersion:
    """Let the newest version act again. Raises RuleLive, RuleNotLive, RuleOver, GroupDisagrees."""
    newest = _lock_set()
    rule = EarningRule.objects.select_related("live").get(pk=rule_id)
    if rule.live is not None:
        raise RuleLive
    version = rule.versions.order_by("-number").first()
    if version is None:
        raise RuleNotLive
    _check(rule.pk, version.spec, newest, now)
    _go_over(rule, version, newest, Reason.RESUMED, actor, now)
    return version


def holidays_changed(*, actor: Actor, now: datetime) -> None:
    """The rules that name holidays mean other days now; inside the transaction that changed them."""
    newest = _lock_set()
    _write(newest.version_ids, Reason.HOLIDAYS, None, actor, now)


def _lock_set() -> RuleSetVersion:
    """The newest set; whoever makes the next one waits here. There is always one, see `defaults`."""
    first = RuleSetVersion.objects.order_by("pk").values("pk")[:1]
    RuleSetVersion.objects.select_for_update(no_key=True).get(pk__in=first)
    return RuleSetVersion.objects.latest("pk")


def _check(rule_id: int, spec: RuleSpec, newest: RuleSetVersion, now: datetime) -> None:
    if spec.last_day is not None and spec.last_day < business_day(now):
        raise RuleOver
    if not spec.group:
        return
    for other in RuleVersion.objects.filter(pk__in=newest.version_ids).exclude(rule=rule_id):
        theirs = other.spec
        alone = Combine.EXCLUSIVE in (spec.combine, theirs.combine)
        if theirs.group == spec.group and theirs.combine != spec.combine and not alone:
            raise GroupDisagrees(other=other.name)


def _go_over(
    rule: EarningRule,
    version: RuleVersion | None,
    newest: RuleSetVersion,
    reason: Reason,
    actor: Actor,
    now: datetime,
) -> None:
    before = rule.live_id
    EarningRule.objects.filter(pk=rule.pk).update(live=version)
    ids = [pk for pk in newest.version_ids if pk != before]
    _write([*ids, *([version.pk] if version else [])], reason, rule, actor, now)


def _write(version_ids: Iterable[int], reason: Reason, rule: EarningRule | None, actor: Actor, now: datetime) -> None:
    RuleSetVersion.objects.create(
        version_ids=sorted(version_ids), reason=reason, rule=rule, actor=str(actor)[:80], created_at=now
    )
    SEEN.forget()
    # Products show what they earn.
    touch_listing()
