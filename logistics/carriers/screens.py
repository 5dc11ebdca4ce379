"""Why a parcel goes with its carrier, as a table for the admin."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.carriers.models import Carrier, CarrierChoice
from shop.core.money import yuan

REFUSALS = {"too_heavy": gettext_lazy("too heavy"), "too_slow": gettext_lazy("too slow")}


def refusal(code: str) -> str:
    """A reason code of the engine in words; empty for an offer that could be chosen."""
    return str(REFUSALS.get(code, code))


def offers_table(choice: CarrierChoice) -> SafeString:
    """Every carrier's offer, the chosen one first."""
    names = dict(Carrier.objects.values_list("code", "name"))
    rows = [
        [
            names.get(offer["carrier_code"], offer["carrier_code"]),
            yuan(offer["cost_fen"]),
            f"{offer['on_time'] * 100:.1f}" if "on_time" in offer else "–",
            yuan(offer.get("score_fen") or offer["cost_fen"]),
            _("{hours} h").format(hours=offer["eta_hours"]),
            f"{offer['billed_weight_g']:,} g",
            refusal(offer["rejected"]) or "–",
        ]
        for offer in choice.candidates
    ]
    headers = [
        _("carrier"),
        _("cost"),
        _("on time, per cent"),
        _("decisive"),
        _("transit time"),
        _("billed weight"),
        _("refused"),
    ]
    return render_to_string("admin/logistics/table.html", {"table": {"headers": headers, "rows": rows}})
