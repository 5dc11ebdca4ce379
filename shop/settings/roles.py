"""The roles that a new shop starts with: what each kind of staff may see and do in the admin.

Seeded once as groups by `manage.py seed_roles`; afterwards the merchant changes them in the admin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

VIEW = ("view",)
EDIT = ("view", "change")
ALL = ("view", "add", "change", "delete")
REVEAL = "reveal"
RENUMBER = "renumber"
VERIFY, EVERYWHERE, UNDO = "verify", "everywhere", "undo"
RECEIVE, COUNTERSIGN = "receive", "countersign"
END = "end"
REVIEW = "review"


@dataclass(frozen=True)
class Role:
    """`grants` maps an app label, or `app.model`, to actions; all of an app's models that have a screen are meant."""

    account: str
    name: Any
    grants: Mapping[str, tuple[str, ...]]


LOGISTICS = ("network", "freight", "allocation", "carriers", "shipments")
ORDERS = (
    "checkout",
    "reviews",
    "payments",
    "after_sales",
    "reconciliation",
    "invoices",
    "verification",
    "wechat_shipping",
    "workbench",
)
POINTS = ("ledger", "rules", "tasks", "transfers", "deduction", "accounts", "mall")
PROMOTIONS = (
    "campaigns",
    "coupons",
    "discounts",
    "quiz",
    "lottery",
    "flash_sale",
    "bargaining",
    "presale",
    "group_buy",
    "distribution",
    "promotion_checkout",
)
SYSTEM = ("core", "staff", "auth", "django_celery_beat")
ANALYTICS = ("buyers", "events", "traffic", "funnel", "recommendations", "outreach", "reports", "anomalies")
MEMBERS = ("identity", "uploads", "tiers", "invitations", "notifications", "segments")

ROLES: tuple[Role, ...] = (
    Role(
        "owner",
        _("Owner"),
        dict.fromkeys(("catalog", *MEMBERS, *POINTS, *PROMOTIONS, *ORDERS, *LOGISTICS, *ANALYTICS, *SYSTEM), ALL)
        | {"identity.member": (*ALL, REVEAL, RENUMBER), "admin": VIEW}
        | {"after_sales.aftersale": (*ALL, RECEIVE, COUNTERSIGN)}
        | {"group_buy.team": ("view", END)}
        | {"distribution.withdrawal": ("view", REVIEW)}
        | {"verification.verification": ("view", VERIFY, EVERYWHERE, UNDO)},
    ),
    Role(
        "operator",
        _("Operator"),
        dict.fromkeys(
            ("catalog", "segments", "tiers", "ledger", "rules", "tasks", "deduction", "accounts", "mall"), ALL
        )
        | dict.fromkeys((*PROMOTIONS, *ANALYTICS), ALL)
        | dict.fromkeys(("identity", "payments", "invoices"), VIEW)
        | dict.fromkeys(("invitations", "notifications", "checkout", "reviews", "transfers"), EDIT)
        | {"after_sales.aftersale": (*EDIT, "add"), "group_buy.team": ("view", END)}
        | {"distribution.withdrawal": VIEW}
        | {"verification": ALL, "verification.verification": ("view", VERIFY, EVERYWHERE, UNDO)}
        | {"workbench.orderexport": ("view", "add"), "workbench.pricechange": ("view", "add")}
        | {"workbench.bulkwork": VIEW},
    ),
    Role(
        "warehouse",
        _("Warehouse"),
        {
            "network": VIEW,
            "network.warehousestock": EDIT,
            "network.stocktransfer": EDIT,
            "allocation": VIEW,
            "allocation.fulfilmentrequest": EDIT,
            "shipments": EDIT,
            "carriers": VIEW,
            "workbench.bulkwork": VIEW,
            "after_sales.aftersale": ("view", RECEIVE),
        },
    ),
    Role(
        "finance",
        _("Finance"),
        {
            "checkout": VIEW,
            "promotion_checkout.promotionclaim": VIEW,
            "invoices": EDIT,
            "payments": EDIT,
            "after_sales.aftersale": ("view", COUNTERSIGN),
            "workbench.orderexport": ("view", "add"),
            "workbench.pricechange": EDIT,
            "reconciliation": EDIT,
            "reports.report": VIEW,
            "ledger": VIEW,
            "ledger.manualgrant": EDIT,
            "accounts.ledgerproof": ("view", "add"),
            "distribution": VIEW,
            "distribution.withdrawal": ("view", REVIEW),
            "admin": VIEW,
        },
    ),
    Role(
        "service",
        _("Customer service"),
        {
            "identity": EDIT,
            "identity.member": (*EDIT, REVEAL, RENUMBER),
            "tiers": VIEW,
            "tiers.membertier": EDIT,
            "uploads": VIEW,
            "invitations": EDIT,
            "notifications": VIEW,
            "transfers": EDIT,
            "tasks": VIEW,
            "mall": VIEW,
            "mall.voucher": EDIT,
            "ledger": VIEW,
            "ledger.manualgrant": ("view", "add"),
            "rules": VIEW,
            "coupons": VIEW,
            "coupons.coupon": EDIT,
            "group_buy": VIEW,
            "distribution": VIEW,
            "verification": EDIT,
            "verification.verification": ("view", VERIFY, EVERYWHERE),
            "coupons.handout": ("view", "add"),
            "segments": VIEW,
            "segments.membernote": ("view", "add"),
            "checkout": EDIT,
            "reviews": EDIT,
            "workbench.orderexport": ("view", "add"),
            "workbench.pricechange": ("view", "add"),
            "workbench.bulkwork": VIEW,
            "invoices": VIEW,
            "wechat_shipping": EDIT,
            "payments": VIEW,
            "after_sales.aftersale": (*EDIT, "add"),
            "shipments": VIEW,
            "allocation": VIEW,
            "catalog": VIEW,
        },
    ),
    Role("store", _("Store staff"), {"verification.verification": ("view", VERIFY), "verification.pickup": VIEW}),
    Role(
        "analyst",
        _("Analyst"),
        dict.fromkeys(("catalog", "tiers", *POINTS, *PROMOTIONS, *ORDERS, *LOGISTICS, *ANALYTICS, "admin"), VIEW),
    ),
)
