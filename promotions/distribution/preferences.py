"""What the merchant may change about distribution."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import choice, switch, whole_number

CLOSED, OPEN, APPLICATION, SPEND = "closed", "open", "application", "spend"
FIRST_TOUCH, LAST_TOUCH, REGISTRATION = "first", "last", "registration"
WECHAT, POINTS, BOTH = "wechat", "points", "both"
NOBODY, THEMSELVES, RECRUITER = "nobody", "themselves", "recruiter"

JOINING = choice(
    "distribution.joining",
    default=APPLICATION,
    choices={
        CLOSED: _("Nobody; staff appoint distributors"),
        OPEN: _("Every member, at once"),
        APPLICATION: _("Members apply, staff decide"),
        SPEND: _("Members who have bought for enough, by themselves"),
    },
    label=_("Who becomes a distributor"),
)
SPEND_FEN = whole_number(
    "distribution.spend_fen",
    default=50_000,
    label=_("Bought for at least, to become a distributor (fen)"),
    help_text=_("Of completed orders, less what was refunded. Only where that is how members join."),
)
BINDING = choice(
    "distribution.binding",
    default=FIRST_TOUCH,
    choices={
        FIRST_TOUCH: _("Whose link they came by first"),
        LAST_TOUCH: _("Whose link they came by last"),
        REGISTRATION: _("Only who invited them to register"),
    },
    label=_("Whose customer a member is"),
    help_text=_("From the first paid order on it stays as it is."),
)
BINDING_DAYS = whole_number(
    "distribution.binding_days",
    default=30,
    maximum=3650,
    label=_("Days for which a visit makes a customer"),
    help_text=_("Whoever buys in that time stays a customer. 0: without end."),
)
OWN_PURCHASES = choice(
    "distribution.own_purchases",
    default=NOBODY,
    choices={
        NOBODY: _("Nobody"),
        THEMSELVES: _("The distributor"),
        RECRUITER: _("Who brought the distributor"),
    },
    label=_("Who earns commission when distributors buy themselves"),
)
SECOND_LEVEL = switch(
    "distribution.second_level",
    default=False,
    label=_("Who brought a distributor earns too (second level)"),
    help_text=_(
        "Mind the rules: platforms and the regulations on pyramid selling let rewards reach two levels at most, never"
        " for recruiting alone, and WeChat blocks shops that break this. Have it looked at by a lawyer first."
    ),
)
RELEASE_DAYS = whole_number(
    "distribution.release_days",
    default=0,
    maximum=365,
    label=_("Days from settlement until commission can be withdrawn"),
    help_text=_("Commission is settled when the time for after-sales is over and none is open."),
)
SALES_PER_DAY = whole_number(
    "distribution.sales_per_day",
    default=50,
    minimum=1,
    label=_("Orders per distributor and day"),
    help_text=_("The commission of more than these is held until a person has looked at them."),
)
REJOINED_DAYS = whole_number(
    "distribution.rejoined_days",
    default=180,
    maximum=3650,
    label=_("Days for which the phones of members who left are recognised"),
    help_text=_("Orders of who comes back with one are held. Only a keyed digest is kept."),
)
PAID_AS = choice(
    "distribution.paid_as",
    default=WECHAT,
    choices={WECHAT: _("Money, by WeChat"), POINTS: _("Points"), BOTH: _("Either, as the distributor likes")},
    label=_("Commission is paid out as"),
)
POINTS_PER_YUAN = whole_number(
    "distribution.points_per_yuan",
    default=100,
    minimum=1,
    maximum=100_000,
    label=_("Points for a yuan of commission"),
)
SMALLEST_FEN = whole_number(
    "distribution.smallest_withdrawal_fen", default=1_000, minimum=100, label=_("Smallest withdrawal (fen)")
)
MOST_FEN = whole_number(
    "distribution.largest_withdrawal_fen",
    default=199_900,
    minimum=100,
    # From 2,000 yuan on WeChat wants the payee's real name, which the shop does not ask for.
    maximum=199_999,
    label=_("Largest withdrawal (fen)"),
    help_text=_("WeChat takes less than ¥2,000 at once without the payee's real name."),
)
FEE_BP = whole_number(
    "distribution.fee_bp", default=0, maximum=2_000, label=_("Fee taken off a withdrawal in money (bp)")
)
TAX_BP = whole_number(
    "distribution.tax_bp",
    default=0,
    maximum=4_000,
    label=_("Tax withheld from a withdrawal in money (bp)"),
    help_text=_("What the shop pays to the tax office for the distributor; the statement names it."),
)
AWARD_DAYS = whole_number(
    "distribution.award_days",
    default=7,
    maximum=90,
    label=_("Days after a period's end until its ranks are rewarded"),
    help_text=_("So that refunds of its last orders have been counted."),
)
