"""Numbers the merchant sets for after-sales. What is given back is decided in `orders.after_sales.policies`."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, whole_number

ANSWER_DAYS = whole_number(
    "after_sales.answer_days",
    default=2,
    minimum=1,
    maximum=30,
    label=_("Days to answer an after-sale"),
    help_text=_("What nobody has answered by then is approved by itself."),
)
SEND_BACK_DAYS = whole_number(
    "after_sales.send_back_days",
    default=7,
    minimum=1,
    maximum=60,
    label=_("Days to send goods back"),
    help_text=_("Counted from the approval; what has not been sent by then is closed."),
)
RECEIVE_DAYS = whole_number(
    "after_sales.receive_days",
    default=10,
    minimum=1,
    maximum=60,
    label=_("Days to receive goods that come back"),
    help_text=_("Counted from the day the member sent them; then they count as received, or somebody is called."),
)
RECEIVE_BY_TIME = switch(
    "after_sales.receive_by_time",
    default=False,
    label=_("Refund goods that nobody received in time"),
    help_text=_("Without it somebody of the staff is called to look for the parcel."),
)
DECIDE_DAYS = whole_number(
    "after_sales.decide_days",
    default=2,
    minimum=1,
    maximum=30,
    label=_("Days to decide on goods that came back"),
    help_text=_("Also on goods that were not accepted, and on second approvals; then the home page calls."),
)
ARRIVE_DAYS = whole_number(
    "after_sales.arrive_days",
    default=10,
    minimum=1,
    maximum=60,
    label=_("Days for a replacement to arrive"),
    help_text=_("Counted from the day it left; then somebody of the staff is called to look for the parcel."),
)
SECOND_APPROVAL_FEN = whole_number(
    "after_sales.second_approval_fen",
    default=50_000,
    label=_("Refund from which a second person must approve (fen)"),
    help_text=_("Counted over all refunds of an order, points at their worth; 0: nobody needs to."),
)
MOST_IMAGES = 9
