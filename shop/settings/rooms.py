"""Which rooms take part in what, in order: explicit lists instead of discovery, so that the reader sees what runs."""

DEMO_LOADERS: list[str] = [
    "shop.core.demo.load",
    "shop.catalog.demo.loader.load",
    "logistics.network.demo.load",
    "logistics.freight.demo.load",
    "logistics.carriers.demo.load",
    "logistics.network.demo.load_stock",
    "members.identity.demo.load",
    "members.segments.demo.load",
    "members.notifications.demo.load",
    "points.tasks.demo.load",
    "points.transfers.demo.load",
    "points.accounts.demo.load",
    "promotions.coupons.demo.load",
    "promotions.discounts.demo.load",
    "promotions.quiz.demo.load",
    "promotions.flash_sale.demo.load",
    "promotions.bargaining.demo.load",
    "promotions.lottery.demo.load",
    "promotions.presale.demo.load",
    "promotions.group_buy.demo.load",
    "promotions.redemption.demo.load",
    "promotions.distribution.demo.load",
    "orders.fulfilment.demo.load",
    "orders.fulfilment.reward_demo.load",
    "orders.after_sales.demo.load",
    "orders.reconciliation.demo.load",
    "orders.reviews.demo.load",
    "analytics.buyers.demo.load",
    "analytics.recommendations.demo.load",
    "analytics.funnel.demo.load",
    "analytics.outreach.demo.load",
    "analytics.reports.demo.load",
    "analytics.anomalies.demo.load",
]
INVARIANTS: list[str] = [
    "shop.catalog.invariants.LAWS",
    "members.tiers.invariants.LAWS",
    "members.notifications.invariants.LAWS",
    "points.ledger.invariants.LAWS",
    "points.rules.invariants.LAWS",
    "points.tasks.invariants.LAWS",
    "promotions.coupons.invariants.LAWS",
    "promotions.discounts.invariants.LAWS",
    "promotions.quiz.invariants.LAWS",
    "promotions.flash_sale.invariants.LAWS",
    "promotions.bargaining.invariants.LAWS",
    "promotions.lottery.invariants.LAWS",
    "promotions.presale.invariants.LAWS",
    "promotions.group_buy.invariants.LAWS",
    "promotions.distribution.invariants.LAWS",
    "points.transfers.invariants.LAWS",
    "points.mall.invariants.LAWS",
    "promotions.redemption.invariants.LAWS",
    "logistics.network.invariants.LAWS",
    "logistics.allocation.invariants.LAWS",
    "orders.checkout.invariants.LAWS",
    "orders.payments.invariants.LAWS",
    "orders.reviews.invariants.LAWS",
    "orders.invoices.invariants.LAWS",
    "orders.verification.invariants.LAWS",
    "orders.after_sales.invariants.LAWS",
    "orders.fulfilment.invariants.LAWS",
    "orders.reconciliation.invariants.LAWS",
    "analytics.buyers.invariants.LAWS",
    "analytics.outreach.invariants.LAWS",
]
PRODUCT_FACET_PROVIDERS: list[str] = [
    "points.rules.facets.points_to_earn",
    "promotions.discounts.facets.running_discounts",
    "promotions.flash_sale.facets.flash_sales",
    "promotions.bargaining.facets.running_bargains",
    "promotions.presale.facets.running_presales",
    "promotions.group_buy.facets.running_group_buys",
    "promotions.checkout.facets.member_prices",
]
# What an order's answer holds besides the order itself.
ORDER_FACET_PROVIDERS: list[str] = [
    "orders.verification.facets.pickups",
    "orders.fulfilment.facets.teams",
]
# What upper rooms add to a product's form.
PRODUCT_INLINES: list[str] = ["logistics.freight.admin.ProductFreightInline"]
# What runs in the background for the staff, for the job centre; see `shop.core.job_centre`.
JOB_KINDS: list[str] = [
    "shop.catalog.job_kinds.KINDS",
    "points.rules.job_kinds.KINDS",
    "points.accounts.job_kinds.KINDS",
    "promotions.coupons.job_kinds.KINDS",
    "orders.workbench.job_kinds.KINDS",
    "analytics.outreach.job_kinds.KINDS",
    "analytics.reports.job_kinds.KINDS",
]
# What upper rooms add to a reward of the points mall: parts of its form, and what it lacks before it can go live.
REWARD_INLINES: list[str] = ["promotions.redemption.admin.CouponRewardInline"]
REWARD_CHECKS: list[str] = ["promotions.redemption.queries.lacks"]
# The stores of which a bookable resource names one: `() -> list[tuple[code, name]]`.
STORES = "logistics.network.queries.stores_by_code"
# Who knows past orders, for trying earning rules on them.
EARNING_HISTORY = "orders.fulfilment.past_orders.PAST_ORDERS"
# What a member has bought for, in fen, for rooms below orders: `(*, member_id) -> int`.
MEMBER_SPENDING = "orders.fulfilment.queries.spent_by"
# Where a member had parcels sent: `(*, member_id, region_code) -> list[tuple[region_code, detail, phone]]`.
MEMBER_DESTINATIONS = "orders.fulfilment.queries.destinations_of"
# Who pays money out: `() -> PayoutGateway | None`, see `promotions.distribution.payouts`.
PAYOUT_GATEWAY = "orders.payments.gateways.wechat_transfers.wechat_transfers"
MEMBER_PROFILE_PROVIDERS: list[str] = [
    "members.tiers.queries.profile_of",
    "points.ledger.queries.profile_of",
]
# What hangs on a member in each room: moved to another account, erased, exported; what must be finished before.
MEMBER_MERGERS: list[str] = [
    "analytics.outreach.member_data.move",
    "analytics.recommendations.member_data.move",
    "analytics.buyers.member_data.move",
    "analytics.events.member_data.move",
    "orders.invoices.member_data.move",
    "orders.reviews.member_data.move",
    "orders.after_sales.member_data.move",
    "orders.checkout.member_data.move",
    "orders.cart.member_data.move",
    "orders.imports.member_data.move",
    "promotions.coupons.member_data.move",
    "promotions.discounts.member_data.move",
    "promotions.quiz.member_data.move",
    "promotions.flash_sale.member_data.move",
    "promotions.bargaining.member_data.move",
    "promotions.lottery.member_data.move",
    "promotions.presale.member_data.move",
    "promotions.group_buy.member_data.move",
    "promotions.distribution.member_data.move",
    "promotions.campaigns.member_data.move",
    "points.rules.member_data.move",
    "points.transfers.member_data.move",
    "points.mall.member_data.move",
    "points.tasks.member_data.move",
    "points.accounts.member_data.move",
    "points.ledger.member_data.move",
    "members.segments.member_data.move",
    "members.tiers.member_data.move",
    "members.invitations.member_data.move",
    "members.notifications.member_data.move",
    "members.uploads.member_data.move",
    "members.identity.member_data.move",
]
MEMBER_ERASERS: list[str] = [
    "analytics.outreach.member_data.erase",
    "analytics.recommendations.member_data.erase",
    "analytics.buyers.member_data.erase",
    "analytics.events.member_data.erase",
    "orders.invoices.member_data.erase",
    "orders.fulfilment.member_data.erase",
    "orders.reviews.member_data.erase",
    "orders.after_sales.member_data.erase",
    "orders.payments.member_data.erase",
    "orders.checkout.member_data.erase",
    "orders.cart.member_data.erase",
    "orders.imports.member_data.erase",
    "promotions.quiz.member_data.erase",
    "promotions.flash_sale.member_data.erase",
    "promotions.distribution.member_data.erase",
    "promotions.coupons.member_data.erase",
    "points.transfers.member_data.erase",
    "points.mall.member_data.erase",
    "points.tasks.member_data.erase",
    "points.accounts.member_data.erase",
    "points.ledger.member_data.erase",
    "members.segments.member_data.erase",
    "members.tiers.member_data.erase",
    "members.notifications.member_data.erase",
    "members.uploads.member_data.erase",
    "members.identity.member_data.erase",
]
MEMBER_EXPORTERS: list[str] = [
    "members.identity.member_data.export",
    "members.tiers.member_data.export",
    "members.invitations.member_data.export",
    "members.segments.member_data.export",
    "members.notifications.member_data.export",
    "members.uploads.member_data.export",
    "points.ledger.member_data.export",
    "points.accounts.member_data.export",
    "points.rules.member_data.export",
    "points.tasks.member_data.export",
    "promotions.coupons.member_data.export",
    "points.transfers.member_data.export",
    "points.mall.member_data.export",
    "promotions.campaigns.member_data.export",
    "promotions.discounts.member_data.export",
    "promotions.quiz.member_data.export",
    "promotions.flash_sale.member_data.export",
    "promotions.bargaining.member_data.export",
    "promotions.lottery.member_data.export",
    "promotions.presale.member_data.export",
    "promotions.group_buy.member_data.export",
    "promotions.distribution.member_data.export",
    "orders.cart.member_data.export",
    "orders.imports.member_data.export",
    "orders.checkout.member_data.export",
    "orders.payments.member_data.export",
    "orders.after_sales.member_data.export",
    "orders.reviews.member_data.export",
    "orders.invoices.member_data.export",
    "analytics.buyers.member_data.export",
    "analytics.events.member_data.export",
    "analytics.recommendations.member_data.export",
    "analytics.outreach.member_data.export",
]
MEMBER_OBSTACLES: list[str] = [
    "orders.checkout.member_data.open_orders",
    "orders.payments.member_data.open_refunds",
    "orders.after_sales.member_data.open_after_sales",
    "promotions.distribution.member_data.open_withdrawals",
]
# The mechanisms that stand in the frame of campaigns: one calendar, one life, one kill switch for all of them.
CAMPAIGN_MODELS: list[str] = [
    "promotions.coupons.models.CouponTemplate",
    "promotions.discounts.models.TimedDiscount",
    "promotions.discounts.models.SpendOffer",
    "promotions.quiz.models.Quiz",
    "promotions.flash_sale.models.FlashSale",
    "promotions.bargaining.models.Bargain",
    "promotions.lottery.models.Lottery",
    "promotions.presale.models.Presale",
    "promotions.group_buy.models.GroupBuy",
]
# What each of them offers to a cart while it acts, for combined results before anything is published.
CAMPAIGN_TERMS: dict[str, str] = {
    "coupon": "promotions.coupons.terms.terms_of_template",
    "timed_discount": "promotions.discounts.terms.terms_of_discount",
    "spend_offer": "promotions.discounts.terms.terms_of_offer",
    "flash_sale": "promotions.flash_sale.terms.terms_of_sale",
    "bargain": "promotions.bargaining.terms.terms_of_bargain",
    "presale": "promotions.presale.terms.terms_of_presale",
    "group_buy": "promotions.group_buy.terms.terms_of_group_buy",
}
# What a buyer is offered at a moment, for previews: `(*, buyer, cart, now) -> Terms`.
PROMOTION_TERMS = "promotions.checkout.services.terms_at"
# What a member has bought before of limited products, for the cart: `(*, member_id, lines) -> units by product id`.
CART_BOUGHT_BEFORE = "orders.checkout.limits.bought_before"
# What came of each of them.
CAMPAIGN_RESULTS: dict[str, str] = {
    "timed_discount": "promotions.discounts.results.result_of_discount",
    "spend_offer": "promotions.discounts.results.result_of_offer",
    "quiz": "promotions.quiz.results.result_of_quiz",
    "flash_sale": "promotions.flash_sale.results.result_of_sale",
    "bargain": "promotions.bargaining.results.result_of_bargain",
    "lottery": "promotions.lottery.results.result_of_lottery",
    "presale": "promotions.presale.results.result_of_presale",
    "group_buy": "promotions.group_buy.results.result_of_group_buy",
    "coupon": "promotions.coupons.results.result_of_coupons",
}
# How often a campaign was shown: `(*, kind, pk) -> int | None`.
CAMPAIGN_EXPOSURE = "analytics.traffic.queries.exposure_of_campaign"
# What a share card may lead to, by the kind in `<kind>-<id>`.
SHARE_TARGETS: dict[str, str] = {
    "product": "members.invitations.targets.product",
    "collection": "members.invitations.targets.collection",
    "quiz": "promotions.quiz.queries.share_target",
    "flash": "promotions.flash_sale.queries.share_target",
    "bargain": "promotions.bargaining.queries.share_target",
    "lottery": "promotions.lottery.queries.share_target",
    "presale": "promotions.presale.queries.share_target",
    "groupbuy": "promotions.group_buy.queries.share_group_buy",
    "team": "promotions.group_buy.queries.share_team",
}
# The page of a member in the admin, from top to bottom.
MEMBER_PANELS: list[str] = [
    "members.identity.panels.account_panel",
    "members.tiers.panels.tier_panel",
    "points.accounts.panels.points_panel",
    "points.tasks.panels.tasks_panel",
    "points.transfers.panels.transfers_panel",
    "points.mall.panels.redemptions_panel",
    "orders.checkout.member_panel.orders_panel",
    "promotions.coupons.panels.coupons_panel",
    "members.segments.panels.tags_panel",
    "members.segments.panels.notes_panel",
    "members.invitations.panels.invitations_panel",
    "members.notifications.panels.notifications_panel",
    "members.identity.panels.addresses_panel",
    "members.identity.panels.sessions_panel",
]
# Work that waits for a person, in the order of the home page; each is shown to those who do it.
WORK_QUEUES: list[str] = [
    "orders.after_sales.queues.QUEUES",
    "logistics.shipments.queues.QUEUES",
    "logistics.allocation.queues.QUEUES",
    "logistics.network.queues.QUEUES",
    "orders.payments.queues.QUEUES",
    "orders.reconciliation.queues.QUEUES",
    "orders.invoices.queues.QUEUES",
    "orders.workbench.queues.QUEUES",
    "orders.wechat_shipping.queues.QUEUES",
    "orders.verification.queues.QUEUES",
    "orders.reviews.queues.QUEUES",
    "promotions.campaigns.queues.QUEUES",
    "promotions.coupons.queues.QUEUES",
    "promotions.distribution.queues.QUEUES",
    "points.ledger.queues.QUEUES",
    "points.accounts.queues.QUEUES",
    "members.invitations.queues.QUEUES",
    "analytics.outreach.queues.QUEUES",
    "analytics.anomalies.queues.QUEUES",
    "analytics.events.queues.QUEUES",
    "analytics.reports.queues.QUEUES",
    "shop.catalog.queues.QUEUES",
]
# Where to look for who did what.
AUDIT_TRAILS: list[str] = [
    "orders.workbench.trails.TRAILS",
    "orders.after_sales.trails.TRAILS",
    "orders.reconciliation.trails.TRAILS",
    "logistics.network.trails.TRAILS",
    "logistics.shipments.trails.TRAILS",
    "promotions.campaigns.trails.TRAILS",
    "points.ledger.trails.TRAILS",
    "members.tiers.trails.TRAILS",
    "members.identity.trails.TRAILS",
    "shop.core.trails.TRAILS",
]
DASHBOARD_PANELS: list[str] = [
    "shop.core.queues.queues_panel",
    "orders.checkout.dashboard.today_panel",
    "logistics.shipments.dashboard.today_panel",
    "orders.payments.dashboard.money_panel",
    "promotions.campaigns.dashboard.campaigns_panel",
    "analytics.traffic.dashboard.visits_panel",
    "points.accounts.dashboard.liability_panel",
    "orders.reviews.dashboard.reviews_panel",
    "orders.checkout.dashboard.month_orders_panel",
    "orders.checkout.dashboard.month_revenue_panel",
    "orders.reconciliation.dashboard.reconciliation_panel",
    "points.tasks.dashboard.check_ins_panel",
    "shop.catalog.dashboard.low_stock_panel",
]
