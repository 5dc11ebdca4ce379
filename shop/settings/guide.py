"""The merchant's guide (`docs/guide`): which of its pages stands behind which screens, by `app_model`."""

GUIDE = {
    "products": ("catalog_product", "catalog_sku", "catalog_category", "catalog_productimport"),
    "coupons": ("coupons_coupontemplate", "coupons_coupon", "coupons_handout", "coupons_codebatch", "coupons_halt"),
    "campaigns": (
        "flash_sale_flashsale",
        "flash_sale_flashsalesession",
        "group_buy_groupbuy",
        "group_buy_team",
        "campaigns_campaignbundle",
        "discounts_timeddiscount",
        "discounts_spendoffer",
        "promotion_checkout_combinationrule",
    ),
    "shipping": ("checkout_order", "workbench_bulkwork", "workbench_orderexport", "shipments_shipment"),
    "after-sales": ("after_sales_aftersale", "payments_refund"),
    "points": ("rules_earningrule", "rules_earning", "rules_backtest", "ledger_expirypolicy", "ledger_pointaccount"),
    "members": (
        "identity_member",
        "segments_segment",
        "tiers_tierpolicy",
        "outreach_plan",
        "outreach_run",
        "buyers_segmentfilter",
        "notifications_notificationtemplate",
    ),
    "reconciliation": ("reconciliation_reconciliation", "reconciliation_difference", "payments_payment"),
    "stock": ("network_warehousestock", "network_stocktransfer", "network_stockmovement", "catalog_skustock"),
    "figures": ("reports_report", "reports_mailing", "traffic_sessionday", "funnel_funnelfact", "traffic_heathour"),
}
