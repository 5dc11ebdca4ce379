"""Why a parcel goes with its carrier, as a table for the admin."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.carriers.engine import ANYWHERE
from logistics.carriers.models import Carrier, CarrierChoice, RateCard
from shop.core.money import yuan
from shop.regions.queries import region

REFUSALS = {
    "too_heavy": gettext_lazy("too heavy"),
    "too_slow": gettext_lazy("too slow"),
    "too_valuable": gettext_lazy("too valuable"),
}


def refusal(code: str) -> str:
    """A reason code of the engine in words; empty for an offer that could be chosen."""
    return str(REFUSALS.get(code, code))


def offers_table(choice: CarrierChoice) -> SafeString:
    """Every carrier's offer, the chosen one first."""
    names = dict(Carrier.objects.values_list("code", "name"))
    rows = [
        [
            names.get(offer["carrier_code"], offer["carrier_code"]),
            f"v{offer['card']}" if offer.get("card") else "–",
            yuan(offer["cost_fen"]),
            f"{offer['on_time'] * 100:.1f}" if "on_time" in offer else "–",
            yuan(offer["late_fen"]) if offer.get("late_fen") else "–",
            yuan(offer.get("score_fen") or offer["cost_fen"]),
            _waits(offer.get("waits_minutes", 0)),
            _("{hours} h").format(hours=offer["eta_hours"]),
            f"{offer['billed_weight_g']:,} g",
            refusal(offer["rejected"]) or "–",
        ]
        for offer in choice.candidates
    ]
    headers = [
        _("carrier"),
        _("rate card"),
        _("cost"),
        _("on time, per cent"),
        _("lateness"),
        _("decisive"),
        _("until its pick-up"),
        _("transit time"),
        _("billed weight"),
        _("ruled out by"),
    ]
    return render_to_string("admin/logistics/table.html", {"table": {"headers": headers, "rows": rows}})


def _waits(minutes: int) -> str:
    return _("{hours} h").format(hours=f"{minutes / 60:.1f}") if minutes else "–"


def card_table(card: RateCard) -> SafeString:
    """What a rate card says, a row for each lane."""
    rows = [
        [
            f"{_place(rate['origin_province'])} → {_place(rate['destination_province'])}",
            f"{yuan(rate['first_fen'])} / {rate['first_weight_g']:,} g",
            f"{yuan(rate['step_fen'])} / {rate['step_weight_g']:,} g",
            yuan(rate["surcharge_fen"]) if rate["surcharge_fen"] else "–",
            f"{rate['max_weight_g']:,} g" if rate["max_weight_g"] else "–",
            _("{hours} h").format(hours=rate["eta_hours"]),
        ]
        for rate in card.rates["rates"]
    ]
    headers = [
        _("lane"),
        _("first weight"),
        _("each step"),
        _("remote surcharge"),
        _("maximum weight"),
        _("transit time"),
    ]
    return render_to_string("admin/logistics/table.html", {"table": {"headers": headers, "rows": rows}})


def _place(code: str) -> str:
    known = None if code == ANYWHERE else region(code)
    return known.name if known else _("Anywhere")
