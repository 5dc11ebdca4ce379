"""What staff may do with an after-sale: in which status, with which permission, by which form and service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.after_sales import services
from orders.after_sales.admin.forms import (
    AnswerForm,
    ApproveForm,
    DeedForm,
    NoteForm,
    ReceiveForm,
    RefundForm,
    RefuseForm,
    ShipmentForm,
)
from orders.after_sales.models import AfterSale, Kind, Status
from orders.payments.models import Refund, RefundStatus
from orders.payments.services.refunding import refresh_refund
from shop.core.actors import Actor

# Each asked of `AfterSaleAdmin` as `has_…_permission`.
DECIDE, COUNTERSIGN, RECEIVE, ASK_GATEWAY = "decide", "countersign", "receive", "ask_gateway"
_ALL_KINDS = frozenset(Kind)
_GOODS_BACK = frozenset({Kind.RETURN, Kind.EXCHANGE})

Said = Mapping[str, Any]
Do = Callable[[AfterSale, Said, Actor, datetime], Any]


@dataclass(frozen=True)
class Deed:
    """`shows_refund` has what would go back stand above the form."""

    name: str
    title: Any
    icon: str
    permission: str
    statuses: frozenset[str]
    do: Do
    form: type[DeedForm] = DeedForm
    kinds: frozenset[Kind] = _ALL_KINDS
    shows_refund: bool = False

    @property
    def path(self) -> str:
        return self.name.replace("_", "-")

    def is_open(self, after_sale: AfterSale) -> bool:
        return after_sale.status in self.statuses and after_sale.kind in self.kinds


def _approve(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    warehouse = said.get("warehouse")
    services.approve(
        number=after_sale.number,
        answer=said["answer"],
        warehouse_id=warehouse.pk if warehouse else None,
        actor=actor,
        now=now,
    )


def _turn_into_return(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.turn_into_return(number=after_sale.number, answer=said["answer"], actor=actor, now=now)


def _refuse(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.refuse(number=after_sale.number, answer=said["answer"], actor=actor, now=now)


def _approve_second(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.approve_second(number=after_sale.number, actor=actor, now=now)


def _refuse_second(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.refuse_second(number=after_sale.number, answer=said["answer"], actor=actor, now=now)


def _record_shipment(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.record_return_shipment(
        number=after_sale.number,
        carrier=said["carrier"],
        tracking_number=said["tracking_number"],
        actor=actor,
        now=now,
    )


def _receive(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.receive_goods(
        number=after_sale.number,
        received=said["received"],
        warehouse_id=said["warehouse"].pk,
        note=said["note"],
        actor=actor,
        now=now,
    )


def _dispute(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.dispute(number=after_sale.number, answer=said["answer"], actor=actor, now=now)


def _refund(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.refund(
        number=after_sale.number,
        withheld_fen=said["withheld_fen"],
        withheld_for=said["withheld_for"],
        actor=actor,
        now=now,
    )


def _send_replacement(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.send_replacement(number=after_sale.number, actor=actor, now=now)


def _give_up_replacement(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.give_up_replacement(number=after_sale.number, note=said["note"], actor=actor, now=now)


def _refund_again(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    """The same refunds under the same numbers: the gateway pays back once for each."""
    waiting = Refund.objects.filter(payment__order=after_sale.order_id, reference=after_sale.number)
    for number in waiting.exclude(status=RefundStatus.SUCCEEDED).order_by("pk").values_list("number", flat=True):
        refresh_refund(number=number, now=now)


def _cancel(after_sale: AfterSale, said: Said, actor: Actor, now: datetime) -> None:
    services.cancel(number=after_sale.number, actor=actor, now=now)


APPROVE = Deed(
    "approve",
    _("Approve"),
    "check",
    DECIDE,
    frozenset({Status.REQUESTED}),
    _approve,
    form=ApproveForm,
    shows_refund=True,
)
TURN_INTO_RETURN = Deed(
    "turn_into_return",
    _("Ask for the goods first"),
    "assignment_return",
    DECIDE,
    frozenset({Status.REQUESTED, Status.SECOND_APPROVAL}),
    _turn_into_return,
    form=AnswerForm,
    kinds=frozenset({Kind.REFUND}),
)
REFUSE = Deed(
    "refuse",
    _("Refuse"),
    "block",
    DECIDE,
    frozenset({Status.REQUESTED, Status.DISPUTED}),
    _refuse,
    form=RefuseForm,
)
APPROVE_SECOND = Deed(
    "approve_second",
    _("Approve as the second person"),
    "done_all",
    COUNTERSIGN,
    frozenset({Status.SECOND_APPROVAL}),
    _approve_second,
    shows_refund=True,
)
REFUSE_SECOND = Deed(
    "refuse_second",
    _("Do not approve"),
    "block",
    COUNTERSIGN,
    frozenset({Status.SECOND_APPROVAL}),
    _refuse_second,
    form=RefuseForm,
)
RECORD_SHIPMENT = Deed(
    "record_shipment",
    _("Enter the member's parcel"),
    "local_shipping",
    DECIDE,
    frozenset({Status.AWAITING_GOODS, Status.UNDER_WAY}),
    _record_shipment,
    form=ShipmentForm,
    kinds=_GOODS_BACK,
)
RECEIVE_GOODS = Deed(
    "receive",
    _("Receive and inspect"),
    "inventory",
    RECEIVE,
    frozenset({Status.AWAITING_GOODS, Status.UNDER_WAY, Status.DISPUTED}),
    _receive,
    form=ReceiveForm,
    kinds=_GOODS_BACK,
)
DISPUTE = Deed(
    "dispute",
    _("Do not accept the goods"),
    "report",
    RECEIVE,
    frozenset({Status.UNDER_WAY}),
    _dispute,
    form=RefuseForm,
    kinds=_GOODS_BACK,
)
SEND_REPLACEMENT = Deed(
    "send_replacement",
    _("Send the replacement"),
    "swap_horiz",
    DECIDE,
    frozenset({Status.RECEIVED}),
    _send_replacement,
    kinds=frozenset({Kind.EXCHANGE}),
)
REFUND = Deed(
    "refund_goods",
    _("Refund"),
    "currency_exchange",
    DECIDE,
    frozenset({Status.RECEIVED}),
    _refund,
    form=RefundForm,
    kinds=_GOODS_BACK,
    shows_refund=True,
)
GIVE_UP_REPLACEMENT = Deed(
    "give_up_replacement",
    _("Give the replacement up"),
    "cancel_schedule_send",
    DECIDE,
    frozenset({Status.REPLACING}),
    _give_up_replacement,
    form=NoteForm,
)
REFUND_AGAIN = Deed(
    "refund_again",
    _("Ask the gateway again"),
    "sync",
    ASK_GATEWAY,
    frozenset({Status.REFUNDING}),
    _refund_again,
)
CANCEL = Deed(
    "cancel",
    _("Withdraw for the member"),
    "undo",
    DECIDE,
    frozenset({Status.REQUESTED, Status.AWAITING_GOODS}),
    _cancel,
)
DEEDS = (
    APPROVE,
    TURN_INTO_RETURN,
    RECEIVE_GOODS,
    SEND_REPLACEMENT,
    REFUND,
    APPROVE_SECOND,
    RECORD_SHIPMENT,
    GIVE_UP_REPLACEMENT,
    REFUND_AGAIN,
    DISPUTE,
    REFUSE,
    REFUSE_SECOND,
    CANCEL,
)
