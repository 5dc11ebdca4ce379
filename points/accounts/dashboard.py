"""Points on the home of finance: what the shop owes in them, as the last proof of the ledger has it."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from points.accounts.models import LedgerProof
from shop.core.clock import SHANGHAI
from shop.core.dashboard import Figure, FiguresPanel
from shop.core.money import yuan


def liability_panel(request: HttpRequest) -> FiguresPanel | None:
    """Nothing before the first night."""
    if not request.user.has_perm("accounts.add_ledgerproof"):
        return None
    proof = LedgerProof.objects.order_by("-pk").first()
    if proof is None:
        return None
    link = reverse("admin:accounts_ledgerproof_changelist")
    agrees = _("entries, lots and accounts agree") if proof.is_clean else _("the ledger does not agree")
    return FiguresPanel(
        title=_("Points owed to members"),
        figures=[
            Figure(_("Worth"), yuan(proof.worth_fen), note=f"{proof.at.astimezone(SHANGHAI):%m-%d %H:%M}", link=link),
            Figure(_("Available points"), f"{proof.available:,}"),
            Figure(_("Pending and held"), f"{proof.pending + proof.held:,}"),
            Figure(_("Proof of the ledger"), "✓" if proof.is_clean else "✗", note=agrees, link=link),
        ],
    )
