"""The only code that changes after-sales."""

from orders.after_sales.services.answering import approve, approve_second, refuse, refuse_second, turn_into_return
from orders.after_sales.services.asking import Draft, Wanted, Wish, ask, preview
from orders.after_sales.services.calling_off import call_off
from orders.after_sales.services.deadlines import act_in_time
from orders.after_sales.services.ending import cancel, settle
from orders.after_sales.services.replacing import give_up_replacement, send_replacement
from orders.after_sales.services.returning import dispute, receive_goods, record_return_shipment, refund

__all__ = [
    "Draft",
    "Wanted",
    "Wish",
    "act_in_time",
    "approve",
    "approve_second",
    "ask",
    "call_off",
    "cancel",
    "dispute",
    "give_up_replacement",
    "preview",
    "receive_goods",
    "record_return_shipment",
    "refund",
    "refuse",
    "refuse_second",
    "send_replacement",
    "settle",
    "turn_into_return",
]
