"""Codes of gateways in words, in both languages; what nobody has words for stays as it was said."""

import pytest
from django.utils import translation

from orders.payments.gateways.words import in_shop_language, in_words


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("NO_STATEMENT_EXIST", "The gateway has no bill of this day (NO_STATEMENT_EXIST)"),
        ("NOT_ENOUGH 基本账户余额不足", "The gateway account holds too little money (NOT_ENOUGH 基本账户余额不足)"),
        ("SOMETHING_NEW 新错误", "SOMETHING_NEW 新错误"),
        ("", ""),
    ],
)
def test_the_code_stands_behind_the_words(said, told):
    with translation.override("en"):
        assert in_words(said) == told


def test_what_is_written_once_is_in_the_shops_language(settings):
    settings.LANGUAGE_CODE = "zh-hans"
    with translation.override("en"):
        assert in_shop_language("bill_unreadable") == "账单格式与约定不符 (bill_unreadable)"
