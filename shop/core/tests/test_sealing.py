"""Sealed secrets outlive a change of the shop's key, as long as the one before is kept."""

import pytest
from cryptography.fernet import InvalidToken

from shop.core.sealing import Box

BOX = Box("test")


def test_what_was_sealed_and_found_before_a_change_is_read_and_found_after_it(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "first", []
    sealed, found_by = BOX.seal("码 7"), BOX.fingerprint("码 7")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert (BOX.unseal(sealed), BOX.fingerprint("码 7")) == ("码 7", found_by)
    later = BOX.seal("later")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "third", ["second", "first"]
    assert (BOX.unseal(sealed), BOX.unseal(later), BOX.fingerprint("码 7")) == ("码 7", "later", found_by)


def test_without_the_key_before_nothing_is_read_or_found(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "first", []
    sealed, found_by = BOX.seal("x"), BOX.fingerprint("x")
    settings.SECRET_KEY = "second"
    assert BOX.fingerprint("x") != found_by
    with pytest.raises(InvalidToken):
        BOX.unseal(sealed)


def test_uses_do_not_share_their_keys():
    assert Box("one").fingerprint("x") != Box("other").fingerprint("x")
    assert BOX.key("one use") != BOX.key("another")
