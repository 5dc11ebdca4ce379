"""What the shop notes in an order's history is told in the reader's language."""

import pytest
from django.utils.translation import override

from orders.checkout import notes
from orders.checkout.notes import of_team, told


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (notes.DEPOSIT_PAID, "已支付定金"),
        (notes.NOT_PAID_IN_TIME, "超时未支付"),
        (of_team(notes.TEAM_FAILED, 7), "拼团 7 未成团"),
        (of_team(notes.TEAM_LATE, 7), "付款时拼团 7 已结束"),
        (of_team(notes.TEAM_LEFT, 7), "拼团 7 结束时此订单仍未支付"),
        ("AS1", "AS1"),
        ("deposit 7", "deposit 7"),
        ("team_failed", "team_failed"),
        ("", ""),
    ],
)
def test_words_are_told_as_sentences_and_all_else_as_it_is(note, said):
    with override("zh-hans"):
        assert told(note) == said


def test_they_are_kept_as_words_and_follow_the_reader():
    with override("en"):
        assert told(notes.NOT_PAID_IN_TIME) == "Not paid in time."
