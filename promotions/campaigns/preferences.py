"""What the merchant may change about campaigns as such."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

NEW_MEMBER_DAYS = whole_number(
    "promotions.new_member_days",
    default=0,
    label=_("Days for which somebody is a new member"),
    help_text=_("Before the first purchase. 0: for as long as it takes."),
    maximum=3650,
)
APPROVAL_DEPTH_BP = whole_number(
    "promotions.approval_depth_bp",
    default=5000,
    label=_("Discount that a second person approves (basis points)"),
    help_text=_("Deeper ones wait for approval. 5000 is half the price, 10000 asks nobody."),
    maximum=10_000,
)
APPROVAL_BUDGET_FEN = whole_number(
    "promotions.approval_budget_fen",
    default=1_000_000,
    label=_("Budget that a second person approves (fen)"),
    help_text=_(
        "Larger ones wait for approval. Without a budget, what coupons, prizes and rewards can cost in all is held"
        " against it; if this is 0, whatever has no budget waits."
    ),
)
