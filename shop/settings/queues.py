"""Which tasks go where: short ones to `celery`, those that take minutes to `long`, so that neither waits for the other.

Whatever is not named here is short. Subscribers that work on and on name their queue themselves (`subscribe(queue=)`).
"""

SHORT_QUEUE, LONG_QUEUE = "celery", "long"
LONG_TASKS = (
    "analytics.count_*",
    "analytics.export_days",
    "analytics.keep_events",
    "anomalies.*",
    "buyers.*",
    "core.check_invariants",
    "core.tidy",
    "coupons.birthdays",
    "coupons.hand_out",
    "coupons.halt",
    "distribution.award_ranks",
    "outreach.*",
    "points.prove_ledger",
    "points.remind_of_expiry",
    "points.settle_due",
    "points.work_grant_files",
    "recommendations.*",
    "reconciliation.*",
    "reports.*",
    "shipments.learn_quality",
    "tiers.evaluate",
    "workbench.*",
)
