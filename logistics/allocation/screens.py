"""Policies and decisions in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from logistics.allocation.comparing import Comparison
from logistics.allocation.models import AllocationPolicy, AllocationRule
from shop.catalog.models import Sku
from shop.core.actors import actor_in_words
from shop.core.dashboard import ListPanel
from shop.core.money import yuan
from shop.regions.queries import region

SHOWN = 50
RULES = {
    "whole": gettext_lazy("The nearest warehouse that has everything."),
    "split": gettext_lazy("No warehouse has everything: each line from the nearest that has it."),
    "repacked": gettext_lazy("Packed anew by hand, or sent to another address: it comes from where it was allocated."),
    "reduced": gettext_lazy("Units were taken out of the order: the rest comes from where it was allocated."),
    "planned": gettext_lazy("The least cost, all of it from one warehouse."),
    "planned_split": gettext_lazy("The least cost, from more than one warehouse."),
    "short": gettext_lazy("Not enough free units: the order waits."),
    "owed": gettext_lazy("Units were missing in the warehouse and nobody else has any: the order waits for goods."),
    "by_hand": gettext_lazy("A person has decided."),
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
    "turned_down": gettext_lazy("has turned this order down"),
    "by_hand": gettext_lazy("chosen by hand"),
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
            "sentences": sentences_of(decision),
            "basis": _basis(decision),
        },
    )


def sentences_of(decision: Mapping[str, Any]) -> list[str]:
    """A decision in words: who sends and what that costs, who does not and why, and the next best."""
    names = {each["warehouse"]: each["name"] for each in decision["candidates"]}
    if by_hand := decision.get("by_hand"):
        moved = _("{by} has it sent from {to} instead of {origin}: {note}")
        places = {"to": names.get(by_hand["to"], by_hand["to"]), "origin": names.get(by_hand["from"], by_hand["from"])}
        return [moved.format(by=actor_in_words(by_hand["by"]), note=by_hand["note"], **places)]
    said = [_sent(names, parcel) for parcel in decision.get("parcels", [])]
    for each in decision["candidates"]:
        if each["items"] or each["verdict"] == "chosen":
            continue
        whole = each.get("whole", {}).get("fen")
        if whole is not None and "cost_fen" in decision:
            told = _("{warehouse} was not taken ({verdict}); all of it from there would cost {whole}, {more} more.")
            more = _fen(whole - decision["cost_fen"])
        else:
            told, more = _("{warehouse} was not taken ({verdict})."), ""
        said.append(told.format(warehouse=each["name"], verdict=_verdict(each), whole=_fen(whole), more=more))
    return [*said, runner_up] if (runner_up := _runner_up(names, decision)) else said


def _sent(names: Mapping[str, str], parcel: Mapping[str, Any]) -> str:
    parts = [
        (_("{fen} freight"), parcel["freight"]),
        (_("{fen} for the parcel"), parcel["per_parcel"]),
        (_("{fen} for the way"), parcel["way"]),
        (_("{fen} for lateness"), parcel["late"]),
        (_("{fen} for the chance that the promise is missed"), parcel["missed"]),
    ]
    return _("{warehouse} sends it with {carrier} for {fen}: {parts}.").format(
        warehouse=names.get(parcel["warehouse"], parcel["warehouse"]),
        carrier=_carrier(parcel),
        fen=_fen(parcel["fen"]),
        parts=", ".join(words.format(fen=_fen(fen)) for words, fen in parts if round(fen)),
    )


def _carrier(parcel: Mapping[str, Any]) -> str:
    """Its code with the version of the rate card that it was counted by."""
    version = f" v{parcel['card']}" if parcel.get("card") else ""
    return f"{parcel['carrier']}{version}" if parcel["carrier"] else "–"


def comparison_panels(found: Comparison) -> list[Any]:
    """Both policies side by side, in yuan, and the orders that would come from elsewhere."""
    first, second = found.first, found.second
    names = [f"v{each.version}" if each.version else _("Defaults") for each in (first, second)]
    counts = [
        (_("orders served"), "served"),
        (_("orders that wait"), "waiting"),
        (_("orders in several parcels"), "split"),
        (_("parcels"), "parcels"),
    ]
    fen = [
        (_("freight"), "freight_fen"),
        (_("packing"), "per_parcel_fen"),
        (_("way"), "way_fen"),
        (_("lateness"), "late_fen"),
        (_("missed promises"), "missed_fen"),
        (_("lines that wait"), "waiting_fen"),
        (_("together"), "cost_fen"),
    ]

    def row(label: str, name: str, shown: Any) -> list[str]:
        before, after = getattr(first, name), getattr(second, name)
        return [label, shown(before), shown(after), f"{'+' if after > before else ''}{shown(after - before)}"]

    rows = [row(label, name, "{:,}".format) for label, name in counts] + [row(label, name, _fen) for label, name in fen]
    title = ngettext("{count} order", "{count} orders", found.orders).format(count=found.orders)
    moves = [[each.order_number, each.first, each.second, _fen(each.more_fen)] for each in found.moves[:SHOWN]]
    count = len(found.moves)
    moved = ngettext("{count} order would come from elsewhere", "{count} orders would come from elsewhere", count)
    return [
        ListPanel(title, ["", *names, _("difference")], rows),
        ListPanel(moved.format(count=count), [_("order"), *names, _("costs more")], moves),
    ]


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
        _("Not to let a line wait is worth {fen}, and {more} more for each step of priority.").format(
            fen=yuan(policy.hold_fen), more=yuan(policy.priority_fen)
        ),
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
        [each["warehouse"], _carrier(each)]
        + [_fen(each[part]) for part in ("freight", "per_parcel", "way", "late", "missed", "fen")]
        for each in parcels
    ]
    headers = [_("warehouse"), _("carrier"), _("freight"), _("parcel"), _("way"), _("lateness"), _("missed promises")]
    return {"headers": [*headers, _("together")], "rows": rows}


def _runner_up(names: Mapping[str, str], decision: Mapping[str, Any]) -> str:
    second = decision.get("runner_up")
    if not second:
        return ""
    return _("Next best: {warehouses} for {fen}, against {cost}.").format(
        warehouses=", ".join(names.get(code, code) for code in second["warehouses"]),
        fen=_fen(second["cost_fen"]),
        cost=_fen(decision["cost_fen"]),
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
