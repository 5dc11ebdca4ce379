import random

import pytest

from promotions.coupons.redemption_codes import ALPHABET, LENGTH, hash_of, new_code, read, shown


def test_codes_carry_more_than_eighty_bits_without_look_alikes():
    assert len(set(ALPHABET)) == 31
    assert not set("01IOU") & set(ALPHABET) - {"U"}
    assert 31**17 > 2**84
    code = new_code()
    assert len(code) == LENGTH == 18
    assert set(code) <= set(ALPHABET)
    assert len({new_code() for _ in range(2_000)}) == 2_000


def test_a_code_is_read_however_it_was_typed():
    code = new_code()
    assert shown(code).count("-") == 2
    for typed in (code, shown(code), shown(code).lower(), f"  {shown(code).replace('-', ' ')} "):
        assert read(typed) == code


@pytest.mark.parametrize("typed", ["", "x", "A" * 17, "O" * 18, "优惠" * 9, "1" * 18])
def test_what_is_no_code_is_read_as_none(typed):
    assert read(typed) is None


def test_a_wrong_character_and_two_exchanged_ones_are_found():
    chance = random.Random(20261122)
    for _ in range(200):
        code = new_code()
        place = chance.randrange(LENGTH)
        other = chance.choice([each for each in ALPHABET if each != code[place]])
        assert read(code[:place] + other + code[place + 1 :]) is None
        if place and code[place] != code[place - 1]:
            assert read(code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]) is None


def test_the_hash_is_keyed(settings):
    before = hash_of("A" * 18)
    assert len(before) == 32
    settings.SECRET_KEY = "another"
    assert hash_of("A" * 18) != before
