"""Policies and decisions in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.allocation.models import AllocationPolicy, AllocationRule
from shop.catalog.models import Sku
from shop.core.money import yuan
from shop.regions.queries import region

RULES = {
    "whole": gettext_lazy("The nearest warehouse that has everything."),
    "split": gettext_lazy("No warehouse has everything: each line from the nearest that has it."),
    "repacked": gettext_lazy("Packed anew by hand, or sent to another address: it comes from where it was allocated."),
    "reduced": gettext_lazy("Units were taken out of the order: the rest comes from where it was allocated."),
    "planned": gettext_lazy("The least cost, all of it from one warehouse."),
    "planned_split": gettext_lazy("The least cost, from more than one warehouse."),
    "short": gettext_lazy("Not enough free units: the order waits."),
}
VERDICTS = {
    "chosen": gettext_lazy("chosen"),
    "farther": gettext_lazy("has everything, but is farther"),
    "dearer": gettext_lazy("has everything, but costs more"),
    "incomplete": gettext_lazy("lacks units"),
    "no_stock": gettext_lazy("has none of it"),
    "closed": gettext_lazy("closed"),
    "ruled_out": gettext_lazy("ruled out by the policy"),
    "full": gettext_lazy("packs no more parcels today"),
}


def explain(decision: Mapping[str, Any]) -> str:
    """A decision record as a page: what it costs in parts, the runner-up, and one row per warehouse, nearest first."""
    if not decision:
        return "–"
    named = {int(sku) for c in decision["candidates"] for sku in (*c["missing"], *c["items"])}
    codes = dict(Sku.objects.filter(pk__in=named | {int(sku) for sku in decision["short"]}).values_list("pk", "code"))

    def units(items: Mapping[str, int]) -> str:
        return ", ".join(f"{codes.get(int(sku), sku)} × {count}" for sku, count in items.items()) or "–"

    rows = [
        [
            candidate["name"],
            f"{candidate['distance_km']:,.1f} km" if candidate["distance_km"] is not None else "–",
            _verdict(candidate),
            _fen(candidate.get("whole", {}).get("fen")),
            units(candidate["items"]),
            units(candidate["missing"]),
        ]
        for candidate in decision["candidates"]
    ]
    headers = [_("warehouse"), _("distance"), _("decision"), _("all of it from there"), _("sends"), _("lacks")]
    return render_to_string(
        "admin/logistics/decision.html",
        {
            "rule": RULES.get(decision["rule"], decision["rule"]),
            "short": units(decision["short"]) if decision["short"] else "",
            "table": {"headers": headers, "rows": rows},
            "costs": _costs(decision.get("parcels", [])),
            "runner_up": _runner_up(decision),
            "basis": _basis(decision),
        },
    )


def policy_in_words(policy: AllocationPolicy) -> list[str]:
    """What a policy says, a sentence for each weight and rule."""
    sentences = [
        _("Each parcel costs {fen} beside its freight, and {way} for each 100 km.").format(
            fen=yuan(policy.per_parcel_fen), way=yuan(policy.distance_fen)
        ),
        _("What takes more than {hours} hours is late, each hour costs {fen}.").format(
            hours=policy.promise_hours, fen=yuan(policy.late_hour_fen)
        ),
        _("A kept promise is worth {fen}: that much times the chance that a carrier misses it is added.").format(
            fen=yuan(policy.promise_worth_fen)
        ),
        _("Not to let a line wait is worth {fen}.").format(fen=yuan(policy.hold_fen)),
    ]
    if policy.pk is None:
        return sentences
    rules = policy.rules.select_related("category").prefetch_related("warehouses").order_by("position", "pk")
    return sentences + [rule_in_words(rule) for rule in rules]


def rule_in_words(rule: AllocationRule) -> str:
    provinces = [place.name for code in rule.provinces if (place := region(code)) is not None]
    words = {
        "place": _("to {provinces}").format(provinces=", ".join(provinces)) if provinces else _("to anywhere"),
        "goods": _("with goods of {category}").format(category=rule.category) if rule.category else _("of any goods"),
        "warehouses": ", ".join(warehouse.name for warehouse in rule.warehouses.all()) or "–",
    }
    if rule.effect == AllocationRule.Effect.ONLY:
        return _("Orders {place} {goods} are sent only from {warehouses}.").format(**words)
    return _("Orders {place} {goods} are never sent from {warehouses}.").format(**words)


def _verdict(candidate: Mapping[str, Any]) -> str:
    said = str(VERDICTS.get(candidate["verdict"], candidate["verdict"]))
    return f"{said} ({_('rule {position}').format(position=candidate['rule'])})" if "rule" in candidate else said


def _costs(parcels: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not parcels:
        return None
    rows = [
        [each["warehouse"], each["carrier"] or "–"]
        + [_fen(each[part]) for part in ("freight", "per_parcel", "way", "late", "missed", "fen")]
        for each in parcels
    ]
    headers = [_("warehouse"), _("carrier"), _("freight"), _("parcel"), _("way"), _("lateness"), _("missed promises")]
    return {"headers": [*headers, _("together")], "rows": rows}


def _runner_up(decision: Mapping[str, Any]) -> str:
    second = decision.get("runner_up")
    if not second:
        return ""
    return _("Next best: {warehouses} for {fen}, against {cost}.").format(
        warehouses=", ".join(second["warehouses"]), fen=_fen(second["cost_fen"]), cost=_fen(decision["cost_fen"])
    )


def _basis(decision: Mapping[str, Any]) -> str:
    if "inputs" not in decision:
        return ""
    return _("Planned with {orders} orders, policy v{policy}, rates {rates}, inputs {inputs}.").format(
        orders=decision["planned_with"],
        policy=decision["policy"],
        rates=decision["rates"][:8],
        inputs=decision["inputs"][:8],
    )


def _fen(fen: float | None) -> str:
    return "–" if fen is None else yuan(round(fen))
