"""What the merchant may set about orders."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

UNPAID_MINUTES = whole_number(
    "orders.unpaid_minutes",
    default=30,
    minimum=1,
    maximum=7 * 24 * 60,
    label=_("Minutes to pay an order"),
    help_text=_("An order that is not paid by then is closed and gives back what it holds."),
)
REVIEW_DAYS = whole_number(
    "reviews.days",
    default=30,
    minimum=1,
    maximum=365,
    label=_("Days to review what was bought"),
    help_text=_("Counted from the completion of the order."),
)
COMPLETE_AFTER_DAYS = whole_number(
    "orders.complete_after_days",
    default=7,
    minimum=1,
    maximum=90,
    label=_("Days until a delivered order completes itself"),
    help_text=_("Counted from delivery, for members who do not confirm that they have received it."),
)
COMPLETE_SHIPPED_DAYS = whole_number(
    "orders.complete_shipped_days",
    default=15,
    minimum=1,
    maximum=180,
    label=_("Days until a shipped order completes itself"),
    help_text=_("Counted from shipping, where no courier reports the delivery. A parcel in trouble waits for staff."),
)
AFTER_SALE_DAYS = whole_number(
    "orders.after_sale_days",
    default=7,
    maximum=365,
    label=_("Days in which goods may come back"),
    help_text=_("Counted from completion; then the points of the order become available."),
)
