"""The rules that hold now, kept in the process until there is a newer set: reading them costs one query."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from points.rules.engine import LiveRule, RuleSet, by_priority
from points.rules.events import Earner
from points.rules.models import Holiday, RuleSetVersion, RuleVersion
from points.rules.preferences import MEMBER_DAY
from points.rules.screening import Calendar
from shop.core.kept import Kept
from shop.core.prepared import Prepared

_NEWEST = Prepared(
    "rules_newest",
    """
    SELECT (SELECT max(id) FROM rules_rulesetversion),
        (SELECT json_object_agg(id, path) FROM catalog_category WHERE id = ANY(%s::bigint[])),
        (SELECT json_build_array(tier.code, tier.points_multiplier_bp)
            FROM tiers_tier tier JOIN tiers_tierrequirement need ON need.tier_id = tier.id
            WHERE need.threshold = 0 ORDER BY need.policy_id DESC LIMIT 1)
""",
)


@dataclass(frozen=True)
class _Loaded:
    version: int
    rules: tuple[LiveRule, ...]
    holidays: Mapping[int, tuple]
    category_ids: frozenset[int]


_kept = _Loaded(0, (), {}, frozenset())


def live_rules(*, category_ids: Collection[int] = ()) -> RuleSet:
    """The newest set, with who a visitor is and the paths of the categories that its rules name and of `category_ids`.

    One query while no rule changes; never stale: categories may be moved under another at any time, so that their
    paths are not kept.
    """
    global _kept
    while True:
        wanted = _kept.category_ids | set(category_ids)
        version, paths, visitor = _ask(wanted)
        if version == _kept.version:
            break
        _kept = _load(version)
    calendar = Calendar(MEMBER_DAY.value(), _kept.holidays)
    return RuleSet(version, _kept.rules, calendar, paths, visitor)


def categories_named(rule: LiveRule) -> frozenset[int]:
    return frozenset(pk for goods in rule.spec.goods for pk in goods.category_ids)


def as_live(version: RuleVersion) -> LiveRule:
    return LiveRule(version.rule_id, version.pk, version.name, version.spec)


def _ask(category_ids: Collection[int]) -> tuple[int, dict[int, str], Earner]:
    [(version, paths, lowest)] = _NEWEST.run([list(category_ids)])
    return version, {int(pk): path for pk, path in (paths or {}).items()}, Earner(None, *lowest)


def _load(version: int) -> _Loaded:
    ids = RuleSetVersion.objects.values_list("version_ids", flat=True).get(pk=version)
    rules = by_priority([as_live(each) for each in RuleVersion.objects.filter(pk__in=ids)])
    holidays = {pk: (first, last) for pk, first, last in Holiday.objects.values_list("pk", "first_day", "last_day")}
    named = frozenset[int]().union(*(categories_named(rule) for rule in rules))
    return _Loaded(version, rules, holidays, named)


# For who only shows what might be earned.
SEEN = Kept(live_rules)
