"""What distributors are told, at each turn. Told twice, they hear once."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.identity.models import Member
from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare
from members.notifications.services import notify
from promotions.distribution.masks import masked_name
from promotions.distribution.models import AwardCorrection, Distributor, RankAward, Sale, Withdrawal, WithdrawalStatus

_PAGE = "pages/distribution/index"
_AMOUNT = Field("amount", Kind.MONEY, _("amount"), 1280)
_ORDER = Field("number", Kind.TEXT, _("order number"), "D26112110300012345678")
_GRADE = Field("grade", Kind.TEXT, _("grade"), "金牌分销员")
_REASON = Field("reason", Kind.TEXT, _("reason"), "Please tell us where you will share our goods.")
_WITHDRAWAL = Field("number", Kind.TEXT, _("number of the withdrawal"), "W26112110300012345678")
_WITHDRAWAL_PAGE = "pages/distribution/withdrawal?number={number}"
_WHO = Field("who", Kind.TEXT, _("customer"), "L***")
_QUIET = ((Channel.IN_APP,),)
_LOUD = ((Channel.IN_APP,), (Channel.SUBSCRIBE,))


def _declare(
    code: str, label: Any, title: str, body: str, *fields: Field, brief: str = "", link: str = _PAGE
) -> NotificationEvent:
    texts = {Channel.IN_APP: Text(title=title, body=body)}
    if brief:
        texts[Channel.SUBSCRIBE] = Text(body=brief)
    return declare(
        NotificationEvent(
            code=code,
            label=label,
            category=Category.TRANSACTIONAL,
            routes=_LOUD if brief else _QUIET,
            fields=fields,
            link=link,
            texts=texts,
        )
    )


JOINED = _declare(
    "distributor_joined",
    _("Became a distributor"),
    gettext_noop("You sell for us now"),
    gettext_noop("Welcome as {grade}. Share what you like: what your customers buy brings you commission."),
    _GRADE,
    brief=gettext_noop("thing1: {grade}\nthing2: Welcome among our distributors"),
)
REFUSED = _declare(
    "distributor_refused",
    _("Application as a distributor refused"),
    gettext_noop("Your application was not accepted"),
    gettext_noop("{reason} You may apply again."),
    _REASON,
    brief=gettext_noop("thing1: {reason}\nthing2: Your application was not accepted"),
)
CUSTOMER = _declare(
    "distribution_new_customer",
    _("New customer of a distributor"),
    gettext_noop("You have a new customer"),
    gettext_noop("{who} came by your link. What they buy brings you commission."),
    _WHO,
)
EARNED = _declare(
    "commission_earned",
    _("Commission earned"),
    gettext_noop("{amount} of commission is on its way"),
    gettext_noop("Order {number} was paid. {amount} is yours once the goods can no longer come back."),
    _ORDER,
    _AMOUNT,
)
TAKEN_BACK = _declare(
    "commission_taken_back",
    _("Commission taken back"),
    gettext_noop("{amount} of commission was taken back"),
    gettext_noop("Money of order {number} went back to its buyer, and {amount} of your commission with it."),
    _ORDER,
    _AMOUNT,
)
RELEASED = _declare(
    "commission_released",
    _("Commission can be withdrawn"),
    gettext_noop("{amount} of commission is yours"),
    gettext_noop("The commission of order {number} can be withdrawn: {amount}."),
    _ORDER,
    _AMOUNT,
    brief=gettext_noop("character_string1: {number}\namount2: {amount}"),
)
NOTHING = _declare(
    "commission_refused",
    _("Commission refused"),
    gettext_noop("{amount} of commission was refused"),
    gettext_noop("Order {number} was looked at and brings no commission: {amount} was taken back. {reason}"),
    _ORDER,
    _AMOUNT,
    _REASON,
)
RESTORED = _declare(
    "commission_restored",
    _("Commission given again"),
    gettext_noop("{amount} of commission is yours again"),
    gettext_noop("Order {number} was looked at once more: {amount} of commission stands again. {reason}"),
    _ORDER,
    _AMOUNT,
    _REASON,
)

CONFIRM = _declare(
    "withdrawal_to_accept",
    _("Withdrawal to be accepted in WeChat"),
    gettext_noop("Accept your {amount}"),
    gettext_noop("Withdrawal {number} is approved. Open it and accept {amount} in WeChat within a day."),
    _WITHDRAWAL,
    _AMOUNT,
    brief=gettext_noop("character_string1: {number}\namount2: {amount}\nthing3: Accept it within a day"),
    link=_WITHDRAWAL_PAGE,
)
PAID = _declare(
    "withdrawal_paid",
    _("Withdrawal paid"),
    gettext_noop("{amount} has been paid to you"),
    gettext_noop("Withdrawal {number} is done: {amount}."),
    _WITHDRAWAL,
    _AMOUNT,
    brief=gettext_noop("character_string1: {number}\namount2: {amount}\nthing3: It has been paid"),
    link=_WITHDRAWAL_PAGE,
)
NOT_PAID = _declare(
    "withdrawal_not_paid",
    _("Withdrawal refused or ended without payment"),
    gettext_noop("{amount} was not paid out"),
    gettext_noop("Withdrawal {number} has ended without payment. {amount} can be withdrawn again. {reason}"),
    _WITHDRAWAL,
    _AMOUNT,
    _REASON,
    brief=gettext_noop("character_string1: {number}\namount2: {amount}\nthing3: It was not paid out"),
    link=_WITHDRAWAL_PAGE,
)
AWARDED = _declare(
    "distribution_rank_awarded",
    _("Reward for a rank"),
    gettext_noop("You are number {rank}"),
    gettext_noop("You are number {rank} of {board}: {amount} and {points} points are yours."),
    Field("board", Kind.TEXT, _("leaderboard"), "月度销售榜"),
    Field("rank", Kind.NUMBER, _("rank"), 1),
    _AMOUNT,
    Field("points", Kind.NUMBER, _("points"), 500),
)
CORRECTED = _declare(
    "distribution_reward_corrected",
    _("Reward for a rank corrected"),
    gettext_noop("Your reward of {board} was corrected"),
    gettext_noop(
        "The ranks from {day} on were counted again. Your reward was {amount_before} and {points_before} points; it is"
        " {amount} and {points} points now. {reason}"
    ),
    Field("board", Kind.TEXT, _("leaderboard"), "月度销售榜"),
    Field("day", Kind.TEXT, _("period from"), "2026-06-01"),
    Field("amount_before", Kind.MONEY, _("amount before"), 8800),
    Field("points_before", Kind.NUMBER, _("points before"), 500),
    _AMOUNT,
    Field("points", Kind.NUMBER, _("points"), 0),
    _REASON,
)
_OF_WITHDRAWAL = {
    WithdrawalStatus.CONFIRMING.value: CONFIRM,
    WithdrawalStatus.PAID.value: PAID,
    WithdrawalStatus.REFUSED.value: NOT_PAID,
    WithdrawalStatus.CLOSED.value: NOT_PAID,
}


def tell_withdrawal(row: Withdrawal, *, now: datetime) -> None:
    """Of the steps that the distributor waits for; what they did themselves they know."""
    event = _OF_WITHDRAWAL.get(row.status)
    if event is None or row.is_called_back:
        return
    amount = row.amount_fen if event is NOT_PAID else row.net_fen
    known = {"number": row.number, "amount": amount, "reason": row.reason}
    told = {field.name: known[field.name] for field in event.fields}
    _tell(event, row.distributor, f"{row.number}:{row.status}", now, **told)


def tell_awarded(award: RankAward, *, now: datetime) -> None:
    told = {"board": award.leaderboard.name, "rank": award.rank, "amount": award.reward_fen, "points": award.points}
    _tell(AWARDED, award.distributor, f"{award.leaderboard_id}:{award.first_day}:{award.rank}", now, **told)


def tell_corrected(row: AwardCorrection, *, before: tuple[int, int], after: tuple[int, int], now: datetime) -> None:
    why = {"board": row.leaderboard.name, "day": row.first_day.isoformat(), "reason": row.reason}
    told = {"amount_before": before[0], "points_before": before[1], "amount": after[0], "points": after[1]}
    _tell(CORRECTED, row.distributor, f"{row.pk}", now, **why, **told)


def tell_joined(distributor: Distributor, *, now: datetime) -> None:
    _tell(JOINED, distributor, f"{distributor.pk}:{now.isoformat()}", now, grade=str(distributor.grade))


def tell_decided(distributor: Distributor, *, now: datetime) -> None:
    _tell(REFUSED, distributor, f"{distributor.pk}:{now.isoformat()}", now, reason=distributor.reason)


def tell_new_customer(distributor: Distributor, *, customer_id: int, now: datetime) -> None:
    who = masked_name(Member.objects.values_list("nickname", flat=True).get(pk=customer_id))
    _tell(CUSTOMER, distributor, f"{distributor.pk}:{customer_id}", now, who=who)


def tell_earned(sale: Sale, *, distributor_id: int, amount_fen: int, now: datetime) -> None:
    _tell_of_sale(EARNED, sale, distributor_id, amount_fen, "", now)


def tell_taken_back(sale: Sale, *, distributor_id: int, amount_fen: int, dedupe: str, now: datetime) -> None:
    _tell_of_sale(TAKEN_BACK, sale, distributor_id, amount_fen, dedupe, now)


def tell_refused(sale: Sale, *, distributor_id: int, amount_fen: int, now: datetime) -> None:
    _tell_of_sale(NOTHING, sale, distributor_id, amount_fen, now.isoformat(), now, reason=sale.reason)


def tell_restored(sale: Sale, *, distributor_id: int, amount_fen: int, now: datetime) -> None:
    _tell_of_sale(RESTORED, sale, distributor_id, amount_fen, now.isoformat(), now, reason=sale.reason)


def tell_released(sale: Sale, *, distributor_id: int, amount_fen: int, now: datetime) -> None:
    _tell_of_sale(RELEASED, sale, distributor_id, amount_fen, "", now)


def _tell_of_sale(
    event: NotificationEvent,
    sale: Sale,
    distributor_id: int,
    fen: int,
    dedupe: str,
    now: datetime,
    **known: str,
) -> None:
    if not fen:
        return
    distributor = Distributor.objects.get(pk=distributor_id)
    key = f"{sale.order_number}:{distributor_id}:{dedupe}"
    _tell(event, distributor, key, now, number=sale.order_number, amount=fen, **known)


def _tell(event: NotificationEvent, distributor: Distributor, dedupe_key: str, now: datetime, **known: Any) -> None:
    notify(event=event, member_id=distributor.member_id, context=known, dedupe_key=dedupe_key[:80], now=now)
