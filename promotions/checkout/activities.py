"""The activities that members come through by name, tied to the door of promotions; their rules are in their rooms."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from points.mall.services.using import Price, claim_reward, confirm_reward, release_reward
from promotions.bargaining import terms as bargaining
from promotions.bargaining.models import Bargain
from promotions.bargaining.services.ordering import confirm_attempt, count_return, order_attempt, release_attempt
from promotions.campaigns.goods import only_line
from promotions.campaigns.presold import Presold
from promotions.checkout.mechanism import Activity, ActivityAsk, Asking, Knock, Settling, StillStands, Taking
from promotions.flash_sale import terms as flash_sale
from promotions.flash_sale.admission import admit, look, settle
from promotions.flash_sale.gate import Ticket
from promotions.flash_sale.models import FlashSale
from promotions.flash_sale.services.using import claim_item, confirm_item, reduce_item, release_item
from promotions.group_buy import terms as group_buy
from promotions.group_buy.models import GroupBuy
from promotions.group_buy.queries import waits_for_team
from promotions.group_buy.services.giving_back import reduce_seat
from promotions.group_buy.services.seats import Wanted, confirm_seat, release_seat, take_seat
from promotions.lottery.services.claiming import claim_prize, confirm_prize, release_prize, take_prize_back
from promotions.lottery.services.keeping import kept_units
from promotions.lottery.terms import KIND as PRIZE
from promotions.lottery.terms import PrizeTerms, prize_terms
from promotions.presale import services as presale
from promotions.presale.models import Presale
from promotions.presale.terms import presold, price_of
from promotions.pricing.model import UnitPriceTerms
from promotions.redemption import services as redemption
from promotions.redemption.terms import KIND as REWARD
from promotions.redemption.terms import RewardTerms, reward_terms, viewer
from shop.catalog.models import Product


class FlashSales(Activity):
    """An item of a flash sale, `id` is the item's."""

    name, kinds = FlashSale.KIND, (FlashSale.KIND,)
    has_gate = is_scarce = True

    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        return flash_sale.price_of(
            item_id=asked.id, buyer=asking.buyer, cart=asking.cart, now=asking.now, binding=asking.binding
        )

    def pay_within(self, asking: Asking, asked: ActivityAsk) -> timedelta | None:
        return flash_sale.pay_within(item_id=asked.id, buyer=asking.buyer)

    def admit(self, knock: Knock, now: datetime) -> Ticket | None:
        ticket = Ticket(knock.id, knock.member_id, knock.units, knock.key)
        return admit(ticket, principal=f"member:{knock.member_id}", now=now)

    def look(self, knock: Knock, now: datetime) -> None:
        look(Ticket(knock.id, knock.member_id, knock.units, knock.key), now=now)

    def settle(self, ticket: Ticket, placed: bool, refusal: str | None) -> None:
        settle(ticket, is_placed=placed, refusal=refusal)

    def claim(self, taking: Taking) -> None:
        for each in self.taken(taking):
            claim_item(
                order_number=taking.order_number,
                buyer=taking.buyer,
                item_id=each.id or 0,
                units=only_line(taking.cart).quantity,
                discount_fen=-each.amount_fen,
                points=each.points,
                now=taking.now,
            )

    def confirm(self, settling: Settling) -> None:
        confirm_item(order_number=settling.order_number, paid_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_item(order_number=order_number, now=now)

    def reduce(self, order_number: str, to: StillStands) -> None:
        reduce_item(
            order_number=order_number, units=to.units, discount_fen=to.taken_fen, paid_fen=to.paid_fen, now=to.now
        )


class Bargains(Activity):
    """An attempt at a bargain, `id` is the attempt's; what it takes off is named by the bargain."""

    name, kinds = Bargain.KIND, (Bargain.KIND,)

    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        return bargaining.terms_of_attempt(attempt_id=asked.id, buyer=asking.buyer, cart=asking.cart, now=asking.now)

    def claim(self, taking: Taking) -> None:
        assert taking.activity is not None
        order_attempt(
            attempt_id=taking.activity.id,
            member_id=taking.member_id,
            order_number=taking.order_number,
            unit_price_fen=only_line(taking.cart).unit_price_fen,
            discount_fen=-sum(each.amount_fen for each in self.taken(taking)),
            now=taking.now,
        )

    def confirm(self, settling: Settling) -> None:
        confirm_attempt(order_number=settling.order_number, paid_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_attempt(order_number=order_number, now=now)

    def reduce(self, order_number: str, to: StillStands) -> None:
        count_return(
            order_number=order_number,
            paid_fen=to.paid_fen,
            is_whole=not to.units,
            was_sent=to.was_sent,
            now=to.now,
        )


class Prizes(Activity):
    """Goods that somebody has won, named by the draw."""

    name, kinds = PRIZE, (PRIZE,)
    is_owed = True

    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        return self._terms(asking, asked).price

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        asked = asking.activity
        if asked is None or asked.kind != self.name:
            return {}
        found = self._terms(asking, asked)
        return {"unit_prices": (found.price,), "freight": (found.shipping,) if found.shipping else ()}

    def kept(self, asked: ActivityAsk, member_id: int) -> Mapping[int, int]:
        return kept_units(draw_id=asked.id, member_id=member_id)

    def claim(self, taking: Taking) -> None:
        assert taking.activity is not None
        claim_prize(
            draw_id=taking.activity.id,
            member_id=taking.member_id,
            order_number=taking.order_number,
            now=taking.now,
        )

    def confirm(self, settling: Settling) -> None:
        confirm_prize(order_number=settling.order_number)

    def release(self, order_number: str, now: datetime) -> None:
        release_prize(order_number=order_number, now=now)

    def reduce(self, order_number: str, to: StillStands) -> None:
        if not to.units:
            take_prize_back(order_number=order_number, was_sent=to.was_sent, now=to.now)

    def _terms(self, asking: Asking, asked: ActivityAsk) -> PrizeTerms:
        return prize_terms(draw_id=asked.id, buyer=asking.buyer, cart=asking.cart, now=asking.now)


class Presales(Activity):
    """An item of a presale, `id` is the item's."""

    name, kinds = Presale.KIND, (Presale.KIND,)

    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        return price_of(item_id=asked.id, buyer=asking.buyer, cart=asking.cart, now=asking.now)

    def presold(self, asking: Asking, asked: ActivityAsk) -> Presold | None:
        return presold(item_id=asked.id, cart=asking.cart)

    def claim(self, taking: Taking) -> None:
        [taken] = self.taken(taking)
        presale.claim_presale(
            order_number=taking.order_number,
            member_id=taking.member_id,
            item_id=taken.id or 0,
            units=only_line(taking.cart).quantity,
            discount_fen=-taken.amount_fen,
            now=taking.now,
        )

    def confirm(self, settling: Settling) -> None:
        presale.confirm_presale(order_number=settling.order_number, paid_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        presale.release_presale(order_number=order_number, now=now)

    def reduce(self, order_number: str, to: StillStands) -> None:
        presale.reduce_presale(
            order_number=order_number, units=to.units, discount_fen=to.taken_fen, paid_fen=to.paid_fen, now=to.now
        )


class GroupBuys(Activity):
    """A team of a group buy, or a new one; `id` is the group buy's."""

    name, kinds = GroupBuy.KIND, (GroupBuy.KIND,)
    held_because = _("This order waits for its team. If the team is not completed, all of it is paid back by itself.")

    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        return group_buy.price_of(
            group_buy_id=asked.id, team_id=asked.team_id, buyer=asking.buyer, cart=asking.cart, now=asking.now
        )

    def pay_within(self, asking: Asking, asked: ActivityAsk) -> timedelta | None:
        return group_buy.pay_within(group_buy_id=asked.id, team_id=asked.team_id, now=asking.now)

    def holds_goods(self, order_number: str) -> bool:
        return waits_for_team(order_number=order_number)

    def claim(self, taking: Taking) -> None:
        line, [given] = only_line(taking.cart), self.taken(taking)
        take_seat(
            order_number=taking.order_number,
            member_id=taking.member_id,
            group_buy_id=given.id or 0,
            team_id=taking.activity.team_id if taking.activity else None,
            wanted=Wanted(line.sku_id, line.quantity, -given.amount_fen),
            now=taking.now,
        )

    def confirm(self, settling: Settling) -> None:
        confirm_seat(order_number=settling.order_number, paid_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_seat(order_number=order_number, now=now)

    def reduce(self, order_number: str, to: StillStands) -> None:
        reduce_seat(
            order_number=order_number, units=to.units, discount_fen=to.taken_fen, paid_fen=to.paid_fen, now=to.now
        )


class Rewards(Activity):
    """A reward of the points mall, goods or not; its points are held with all others of the order."""

    name, kinds = REWARD, (REWARD,)
    sells = frozenset(Product.Kind.values)

    def price(self, asking: Asking, asked: ActivityAsk) -> UnitPriceTerms:
        return self._terms(asking, asked).price

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        asked = asking.activity
        if asked is None or asked.kind != self.name:
            return {}
        found = self._terms(asking, asked)
        return {"unit_prices": (found.price,), "freight": (found.shipping,) if found.shipping else ()}

    def claim(self, taking: Taking) -> None:
        assert taking.activity is not None
        line, [given] = only_line(taking.cart), self.taken(taking)
        claim_reward(
            order_number=taking.order_number,
            viewer=viewer(taking.buyer),
            reward_id=taking.activity.id,
            slot_id=taking.activity.slot_id,
            units=line.quantity,
            price=Price(given.points, line.subtotal_fen + given.amount_fen),
            now=taking.now,
        )

    def confirm(self, settling: Settling) -> None:
        confirm_reward(order_number=settling.order_number, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_reward(order_number=order_number, now=now)

    def give(self, order_number: str, now: datetime) -> None:
        redemption.give_reward(order_number=order_number, now=now)

    def hold_back(self, order_number: str, units: int, now: datetime) -> None:
        redemption.hold_back(order_number=order_number, units=units, now=now)

    def let_go_on(self, order_number: str, units: int, since: datetime, now: datetime) -> None:
        redemption.let_go_on(order_number=order_number, units=units, since=since, now=now)

    def reduce(self, order_number: str, to: StillStands) -> None:
        redemption.reduce_reward(order_number=order_number, units=to.units, now=to.now)

    def _terms(self, asking: Asking, asked: ActivityAsk) -> RewardTerms:
        return reward_terms(
            reward_id=asked.id, slot_id=asked.slot_id, buyer=asking.buyer, cart=asking.cart, now=asking.now
        )
