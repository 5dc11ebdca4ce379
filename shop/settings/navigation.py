"""The admin's sidebar: one group per field of work, each item shown to those who may open it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _allowed(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def item(title: Any, icon: str, model: str) -> dict[str, Any]:
    """A link to the list of `app_model`, for those who may view it. Icons are Material Symbols names."""
    app, name = model.rsplit("_", 1)
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": _allowed(f"{app}.view_{name}"),
    }


NAVIGATION: list[dict[str, Any]] = [
    {
        "title": "",
        "items": [{"title": _("Home"), "icon": "home", "link": reverse_lazy("admin:index")}],
    },
    {
        "title": _("Members"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Members"), "group", "identity_member"),
            item(_("Invitations"), "person_add", "invitations_invitation"),
            item(_("Members' tiers"), "military_tech", "tiers_membertier"),
            item(_("Growth"), "trending_up", "tiers_growthentry"),
            item(_("Changes of tier"), "swap_vert", "tiers_tierchange"),
            item(_("Tiers and benefits"), "workspace_premium", "tiers_tier"),
            item(_("Tier rules"), "rule_settings", "tiers_tierpolicy"),
            item(_("Segments"), "groups", "segments_segment"),
            item(_("Segment memberships"), "group_work", "segments_segmentmembership"),
            item(_("Tags"), "label", "segments_tag"),
            item(_("Members' pictures"), "photo_library", "uploads_upload"),
            item(_("Message templates"), "edit_note", "notifications_notificationtemplate"),
            item(_("Message log"), "mark_email_read", "notifications_delivery"),
        ],
    },
    {
        "title": _("Points"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Point accounts"), "toll", "ledger_pointaccount"),
            item(_("Points history"), "history", "ledger_pointtransaction"),
            item(_("Point lots"), "layers", "ledger_pointlot"),
            item(_("Point entries"), "menu_book", "ledger_pointentry"),
            item(_("Points by hand"), "back_hand", "ledger_manualgrant"),
            item(_("Expiry policies"), "event_busy", "ledger_expirypolicy"),
            item(_("Gifts of points by file"), "upload_file", "accounts_grantfile"),
            item(_("Expiry reminders"), "notification_important", "accounts_reminderround"),
            item(_("Liability and proof"), "account_balance", "accounts_ledgerproof"),
            item(_("Earning rules"), "rule", "rules_earningrule"),
            item(_("Points earned"), "add_circle", "rules_earning"),
            item(_("Backtests"), "history", "rules_backtest"),
            item(_("Holidays"), "celebration", "rules_holiday"),
            item(_("Tasks"), "task_alt", "tasks_task"),
            item(_("Completed tasks"), "done_all", "tasks_taskcompletion"),
            item(_("Check-ins"), "event_available", "tasks_checkin"),
            item(_("Transfers of points"), "redeem", "transfers_transfer"),
            item(_("Shares payable in points"), "percent", "deduction_tierdeduction"),
            item(_("Points-for-cash activities"), "savings", "deduction_betterterms"),
        ],
    },
    {
        "title": _("Points mall"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Rewards"), "redeem", "mall_reward"),
            item(_("Zones"), "category", "mall_zone"),
            item(_("Redemptions"), "receipt", "mall_redemption"),
            item(_("Vouchers"), "confirmation_number", "mall_voucher"),
            item(_("Bookable resources"), "event_seat", "mall_resource"),
            item(_("Slots"), "calendar_month", "mall_slot"),
        ],
    },
    {
        "title": _("Catalog"),
        "separator": True,
        "items": [
            item(_("Products"), "inventory_2", "catalog_product"),
            item(_("SKUs and prices"), "sell", "catalog_sku"),
            item(_("Categories"), "account_tree", "catalog_category"),
            item(_("Brands"), "verified", "catalog_brand"),
            item(_("Collections"), "auto_awesome_mosaic", "catalog_collection"),
            item(_("Stock and replenishment"), "inventory", "catalog_skustock"),
            item(_("Stock on hold"), "lock_clock", "catalog_stockreservation"),
            item(_("Product import"), "upload_file", "catalog_productimport"),
        ],
    },
    {
        "title": _("Promotions"),
        "separator": True,
        "collapsible": True,
        "items": [
            {
                "title": _("Campaign calendar"),
                "icon": "calendar_month",
                "link": reverse_lazy("admin:campaigns_calendar"),
                "permission": _allowed("campaigns.view_campaignbundle"),
            },
            item(_("Bundles"), "celebration", "campaigns_campaignbundle"),
            item(_("Timed discounts"), "timer", "discounts_timeddiscount"),
            item(_("Spend offers"), "shopping_basket", "discounts_spendoffer"),
            {
                "title": _("Preview"),
                "icon": "visibility",
                "link": reverse_lazy("admin:campaigns_preview"),
                "permission": _allowed("campaigns.view_campaignbundle"),
            },
            item(_("Discounts in orders"), "receipt", "discounts_discountuse"),
            item(_("What happened to campaigns"), "history", "campaigns_campaignevent"),
            item(_("Coupon templates"), "local_activity", "coupons_coupontemplate"),
            item(_("Coupons of members"), "confirmation_number", "coupons_coupon"),
            item(_("Redemption codes"), "password", "coupons_codebatch"),
            item(_("Hand-outs"), "redeem", "coupons_handout"),
            item(_("Flash sales"), "bolt", "flash_sale_flashsale"),
            item(_("Sessions of flash sales"), "schedule", "flash_sale_flashsalesession"),
            item(_("Bought in flash sales"), "receipt", "flash_sale_flashsaleuse"),
            item(_("Bargains"), "content_cut", "bargaining_bargain"),
            item(_("Attempts at bargains"), "handshake", "bargaining_bargainattempt"),
            item(_("Presales"), "event_upcoming", "presale_presale"),
            item(_("Orders of presales"), "receipt", "presale_presaleuse"),
            item(_("Group buys"), "group_add", "group_buy_groupbuy"),
            item(_("Teams"), "diversity_3", "group_buy_team"),
            item(_("Quizzes"), "quiz", "quiz_quiz"),
            item(_("Bank of questions"), "help", "quiz_question"),
            item(_("Tries at quizzes"), "fact_check", "quiz_quiztry"),
            item(_("Lotteries"), "casino", "lottery_lottery"),
            item(_("Draws"), "confirmation_number", "lottery_draw"),
            item(_("Prizes won"), "emoji_events", "lottery_win"),
            item(_("Chances to draw"), "stars", "lottery_chanceentry"),
            item(_("What combines with what"), "join_inner", "promotion_checkout_combinationrule"),
            item(_("Promotions of orders"), "receipt", "promotion_checkout_promotionclaim"),
        ],
    },
    {
        "title": _("Distribution"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Distributors"), "storefront", "distribution_distributor"),
            item(_("Grades"), "military_tech", "distribution_distributorgrade"),
            item(_("Rates of products"), "percent", "distribution_productrate"),
            item(_("Customers of distributors"), "group", "distribution_binding"),
            item(_("Orders of distributors"), "receipt_long", "distribution_sale"),
            item(_("Commissions"), "payments", "distribution_commission"),
            item(_("Commission accounts"), "account_balance_wallet", "distribution_commissionaccount"),
            item(_("Commission ledger"), "menu_book", "distribution_commissionentry"),
        ],
    },
    {
        "title": _("Orders"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Orders"), "receipt_long", "checkout_order"),
            item(_("Bulk shipping"), "conveyor_belt", "workbench_bulkwork"),
            item(_("After-sales"), "assignment_return", "after_sales_aftersale"),
            item(_("Exports of orders"), "file_export", "workbench_orderexport"),
            item(_("Price changes"), "price_change", "workbench_pricechange"),
            item(_("Payments"), "payments", "payments_payment"),
            item(_("Refunds"), "currency_exchange", "payments_refund"),
            item(_("Deposits"), "savings", "checkout_deposit"),
            item(_("Reconciliation"), "balance", "reconciliation_reconciliation"),
            item(_("Differences with bills"), "difference", "reconciliation_difference"),
            item(_("Invoices"), "receipt", "invoices_invoice"),
            item(_("Reviews"), "reviews", "reviews_review"),
            {
                "title": _("Verify in a store"),
                "icon": "qr_code_scanner",
                "link": reverse_lazy("store-page"),
                "permission": _allowed("verification.verify_verification"),
            },
            item(_("Orders to be fetched"), "shopping_bag", "verification_pickup"),
            item(_("Verifications"), "fact_check", "verification_verification"),
            item(_("Staff of stores"), "badge", "verification_storeassignment"),
            item(_("Wrong codes"), "lock_person", "verification_codetries"),
            item(_("Shipping told to WeChat"), "local_post_office", "wechat_shipping_shippingupload"),
            item(_("WeChat's codes of carriers"), "tag", "wechat_shipping_carriercode"),
        ],
    },
    {
        "title": _("Logistics"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Shipments"), "local_shipping", "shipments_shipment"),
            item(_("Order allocation"), "alt_route", "allocation_fulfilmentrequest"),
            item(_("Warehouse stock"), "inventory_2", "network_warehousestock"),
            item(_("Stock movements"), "swap_vert", "network_stockmovement"),
            item(_("Warehouses"), "warehouse", "network_warehouse"),
            item(_("Stores"), "storefront", "network_store"),
            item(_("Carriers"), "airport_shuttle", "carriers_carrier"),
            item(_("Carrier choices"), "rule", "carriers_carrierchoice"),
            item(_("Freight templates"), "request_quote", "freight_freighttemplate"),
        ],
    },
    {
        "title": _("System"),
        "separator": True,
        "collapsible": True,
        "items": [
            item(_("Settings"), "tune", "core_preferencevalue"),
            item(_("Staff accounts"), "badge", "core_staffuser"),
            item(_("Roles"), "shield_person", "auth_group"),
            item(_("Staff signed in to the API"), "devices", "staff_staffsession"),
            item(_("Scheduled jobs"), "schedule", "django_celery_beat_periodictask"),
            item(_("Job runs"), "manage_history", "core_jobrun"),
            item(_("Outbox"), "outbox", "core_outboxentry"),
            item(_("Audit trail"), "policy", "admin_logentry"),
        ],
    },
]
