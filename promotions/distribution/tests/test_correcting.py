"""What a rank has brought goes back when the orders that won it turn out not to count."""

from datetime import date
from threading import Barrier

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from points.ledger.queries import balance_of
from points.ledger.services import spend
from promotions.distribution import member_data
from promotions.distribution.errors import RanksChanged
from promotions.distribution.models import AwardCorrection, CommissionEntry, Leaderboard, RankReward, Sale
from promotions.distribution.services import correcting
from promotions.distribution.services.awarding import award_due
from promotions.distribution.services.correcting import Worth, correct_awards, differences_of
from promotions.distribution.services.joining import pause
from promotions.distribution.services.selling import refuse_sale, restore_sale
from promotions.distribution.services.withdrawing import approve_withdrawal, ask_for_withdrawal
from promotions.distribution.tests.making import (
    NOW,
    STAFF,
    balances,
    customer,
    distributor,
    later,
    laws,
    left,
    prefer,
    sold,
)
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db
JUNE, AWARDED = date(2026, 6, 1), later(days=28)


@pytest.fixture
def june(db):
    """¥88 and 10 points for the first, 200 points for the next four, of those who have sold for ¥5."""
    made = Leaderboard.objects.create(name="六月", least=500, rewarded_until=NOW.date())
    RankReward.objects.create(leaderboard=made, first_rank=1, last_rank=1, reward_fen=8_800, points=10)
    RankReward.objects.create(leaderboard=made, first_rank=2, last_rank=5, points=200)
    return made


@pytest.fixture
def sellers(june):
    """Rewarded for ¥30, ¥25 and ¥6; a fourth has sold for ¥4."""
    made = [distributor(MemberFactory(nickname=f"卖家{place}")) for place in "甲乙丙丁"]
    for seller, amounts in zip(made, ((1_000, 2_000), (2_500,), (600,), (400,)), strict=True):
        buyer = customer(seller)
        for fen in amounts:
            sold(buyer, fen)
    assert award_due(now=AWARDED) == 3
    return made


def refuse(seller, paid_fen):
    sale = Sale.objects.get(distributor=seller, paid_fen=paid_fen)
    return refuse_sale(sale_id=sale.pk, reason="刷单", actor=STAFF, now=AWARDED)


def correct(board, *sellers, **changes):
    found = {each.distributor.pk: each.change for each in differences_of(board=board, first_day=JUNE)}
    wanted = {seller.pk: found[seller.pk] for seller in sellers} | changes.get("changes", {})
    return correct_awards(
        board_id=board.pk, first_day=JUNE, changes=wanted, reason="刷单", actor=STAFF, now=later(days=30)
    )


def available(seller):
    return balances(seller).get("available", 0)


def points(seller):
    found = balance_of(member_id=seller.member_id, now=later(days=30))
    return found.available - found.debt


def test_nothing_is_to_be_corrected_while_the_orders_stand(june, sellers):
    assert differences_of(board=june, first_day=JUNE) == []
    assert differences_of(board=june, first_day=date(2026, 5, 1)) == []


def test_who_lost_the_rank_owes_what_it_brought_even_when_it_was_withdrawn_and_spent(june, sellers):
    first, second, third, _fourth = sellers
    prefer(paid_as="points", smallest_withdrawal_fen=100, points_per_yuan=1)
    asked = ask_for_withdrawal(member_id=first.member_id, amount_fen=8_800, method="points", now=AWARDED)
    approve_withdrawal(number=asked.number, actor=STAFF, now=AWARDED)
    spend(reference="spent", member_id=first.member_id, points=98, source="order", now=AWARDED)
    for fen in (1_000, 2_000):
        refuse(first, fen)
    found = {each.distributor: (each.rank_then, each.rank_now, each.given, each.due) for each in _found(june)}
    assert found == {
        first: (1, None, Worth(8_800, 10), Worth()),
        second: (2, 1, Worth(0, 200), Worth(8_800, 10)),
    }
    correct(june, first)
    assert (available(first), points(first), available(second), points(second)) == (-8_800, -10, 0, 200)
    entry = CommissionEntry.objects.get(kind="rescinded")
    assert (entry.amount_fen, entry.available_after_fen, entry.actor) == (8_800, -8_800, str(STAFF))
    told = Notification.objects.get(member=first.member_id, event="distribution_reward_corrected")
    assert (told.context["amount_before"], told.context["amount"], told.context["reason"]) == (8_800, 0, "刷单")
    assert [each.distributor for each in _found(june)] == [second]
    correct(june, second)
    assert (available(second), points(second), points(third)) == (8_800, 10, 200)
    assert (_found(june), laws()) == ([], [])


def _found(board):
    return differences_of(board=board, first_day=JUNE)


def test_what_was_taken_by_mistake_is_given_again_and_can_be_taken_again(june, sellers):
    first, second, _third, _fourth = sellers
    for _ in range(3):
        sale = refuse(first, 2_000)
        assert [each.change for each in _found(june)] == [Worth(-8_800, 190), Worth(8_800, -190)]
        correct(june, first, second)
        assert [(available(each), points(each)) for each in (first, second)] == [(0, 200), (8_800, 10)]
        restore_sale(sale_id=sale.pk, reason="", actor=STAFF, now=AWARDED)
        correct(june, first, second)
        assert [(available(each), points(each)) for each in (first, second)] == [(8_800, 10), (0, 200)]
    assert (_found(june), laws(), AwardCorrection.objects.count()) == ([], [], 12)


def test_refunds_count_as_refusals_do(june, sellers):
    left(Sale.objects.get(paid_fen=600), 499)
    [found] = _found(june)
    assert (found.distributor, found.rank_now, found.change) == (sellers[2], None, Worth(0, -200))


def test_the_same_has_to_be_reached_as_when_it_was_rewarded(june, sellers):
    Leaderboard.objects.update(least=1)
    assert _found(june) == []
    Leaderboard.objects.update(least=100_000)
    assert _found(june) == []


def test_a_rank_is_worth_what_was_given_for_it(june, sellers):
    RankReward.objects.filter(first_rank=1).update(reward_fen=1)
    assert _found(june) == []
    refuse(sellers[0], 2_000)
    assert {each.change for each in _found(june)} == {Worth(-8_800, 190), Worth(8_800, -190)}


def test_who_is_paused_loses_and_gains_nothing(june, sellers):
    first, second, _third, _fourth = sellers
    for each in (first, second):
        pause(distributor_id=each.pk, reason="", actor=STAFF, now=AWARDED)
    refuse(first, 2_000)
    assert {each.distributor: each.change for each in _found(june)} == {
        first: Worth(-8_800, 0),
        second: Worth(0, -190),
    }


def test_two_accounts_that_became_one_are_counted_together(june, sellers):
    first, second, _third, _fourth = sellers
    refuse(first, 2_000)
    correct(june, first)
    member_data.move(source_id=first.member_id, target_id=second.member_id, now=AWARDED)
    # ¥35 in all: ¥88 and 10 points are due, 400 points were given; ¥6 has moved up and stays among the next four.
    [found] = _found(june)
    assert (found.distributor, found.given, found.due) == (second, Worth(0, 400), Worth(8_800, 10))
    assert laws() == []


def test_what_was_written_goes_with_the_member_and_is_handed_out_before(june, sellers):
    first = sellers[0]
    refuse(first, 2_000)
    correct(june, first)
    [told] = member_data.export(member_id=first.member_id)["rewards_corrected"]
    assert (told["reward_fen"], told["points"], told["reason"]) == (-8_800, 190, "刷单")
    member_data.erase(member_id=first.member_id, now=AWARDED)
    assert AwardCorrection.objects.get().reason == ""


def test_what_was_not_seen_like_that_is_refused(june, sellers):
    first = sellers[0]
    refuse(first, 2_000)
    for wrong in ({first.pk: Worth(-8_800, 0)}, {sellers[3].pk: Worth(-1, 0)}):
        with pytest.raises(RanksChanged):
            correct(june, changes=wrong)
    assert (AwardCorrection.objects.count(), available(first)) == (0, 8_800)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("guarded", "taken"), [(True, 1), (False, 4)])
def test_two_who_correct_at_once_take_it_back_once(guarded, taken, june, sellers, monkeypatch):
    """The control looks at what was given without holding the board."""
    first = sellers[0]
    refuse(first, 2_000)
    changes = {first.pk: Worth(-8_800, 190)}
    if not guarded:
        looked, look = Barrier(4, timeout=60), correcting.differences_of

        def look_together(**asked):
            found = look(**asked)
            looked.wait()
            return found

        monkeypatch.setattr(correcting, "differences_of", look_together)
        monkeypatch.setattr(correcting, "lock_board", lambda pk: Leaderboard.objects.get(pk=pk))
    asked = {"board_id": june.pk, "first_day": JUNE, "reason": "", "actor": STAFF, "now": AWARDED}
    answers = run_together(*[lambda: correct_awards(changes=changes, **asked)] * 4)
    assert [type(answer) for answer in answers].count(RanksChanged) == 4 - taken
    assert available(first) == 8_800 - taken * 8_800


@pytest.fixture
def desk(client, django_user_model):
    operator = django_user_model.objects.create_user("operator", password="x", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["distribution", "identity"]))
    client.force_login(operator)
    return client


def test_staff_see_what_is_to_be_corrected_and_choose(june, sellers, desk):
    first, second, _third, _fourth = sellers
    page = reverse("admin:distribution_leaderboard_correct", args=[june.pk])
    standings = reverse("admin:distribution_leaderboard_standings", args=[june.pk])
    assert desk.get(page).status_code == 302
    assert desk.get(standings, {"day": "2026-06-15"}).context["correct"] == ""
    sale = Sale.objects.get(distributor=first, paid_fen=2_000)
    refused = desk.post(reverse("admin:distribution_sale_refuse", args=[sale.pk]), {"reason": "刷单"}, follow=True)
    assert standings in refused.content.decode()
    Sale.objects.filter(distributor=first).update(review="refused")
    assert desk.get(standings, {"day": "2026-06-15"}).context["correct"] == f"{page}?day=2026-06-01"
    shown = desk.get(page, {"day": "2026-06-30"})
    assert [row[1:3] for row in shown.context["table"]["rows"]] == [["1", "–"], ["2", "1"]]
    form = shown.context["form"]
    lost, gained = f"{first.pk}:-8800:-10", f"{second.pk}:8800:-190"
    assert ([value for value, _label in form.fields["who"].choices], form["who"].value()) == ([lost, gained], [lost])
    for sent in ({"reason": "刷单"}, {"who": [lost]}, {"who": [f"{first.pk}:-1:0"], "reason": "刷单"}):
        assert desk.post(page, sent).status_code == 200
    assert not AwardCorrection.objects.exists()
    assert desk.post(page, {"who": [lost], "reason": "刷单"}).status_code == 302
    assert (available(first), available(second)) == (0, 0)
    row = AwardCorrection.objects.get()
    assert (row.corrected_by, row.reason, row.rank_now) == ("staff:operator", "刷单", None)
    for listed in ("awardcorrection", "rankaward", "commissionentry"):
        assert desk.get(reverse(f"admin:distribution_{listed}_changelist")).status_code == 200
    assert desk.get(reverse("admin:distribution_awardcorrection_change", args=[row.pk])).status_code == 200
    assert desk.post(page, {"who": [lost], "reason": "刷单"}).status_code == 200
    assert AwardCorrection.objects.count() == 1


def test_who_may_only_look_corrects_nothing(june, sellers, client, django_user_model):
    refuse(sellers[0], 2_000)
    looker = django_user_model.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__in=["view_leaderboard", "change_leaderboard"]))
    client.force_login(looker)
    page = reverse("admin:distribution_leaderboard_correct", args=[june.pk])
    assert client.post(page, {"who": [f"{sellers[0].pk}:-8800:190"], "reason": "x"}).status_code == 403
    standings = client.get(reverse("admin:distribution_leaderboard_standings", args=[june.pk]), {"day": "2026-06-15"})
    assert (standings.context["correct"], AwardCorrection.objects.count()) == ("", 0)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "x" * 9_000])
def test_a_day_that_nothing_can_be_counted_from_is_the_last_rewarded_one(june, sellers, desk, day):
    refuse(sellers[0], 2_000)
    shown = desk.get(reverse("admin:distribution_leaderboard_correct", args=[june.pk]), {"day": day})
    assert (shown.status_code, len(shown.context["table"]["rows"])) == (200, 2)
