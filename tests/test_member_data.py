"""Nothing that hangs on a member is forgotten when accounts merge, when a member leaves, or takes their data along.

A room that keeps something about members has a `member_data.py` with `move`, `erase` and `export`, listed in settings
(see `members.identity.rooms`). What needs none of them stands below, with the reason.
"""

import re
from importlib import import_module
from importlib.util import find_spec
from inspect import isfunction

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from members.identity.models import Member
from tests.test_architecture import own_models

LISTS = {"move": "MEMBER_MERGERS", "erase": "MEMBER_ERASERS", "export": "MEMBER_EXPORTERS"}
PERSONAL = re.compile(r"(phone|openid|unionid|nickname|recipient|real_name|id_number|birthday|payer)")

NOT_LISTED = {
    ("invitations", "erase"): "numbers and days of two accounts, without a word about a person",
    ("rules", "erase"): "points, days and names of rules, without a word about a person",
    ("campaigns", "erase"): "the number of an order, without a word about a person",
    ("lottery", "erase"): "draws, chances and names of prizes, without a word about a person",
    ("discounts", "erase"): "numbers of orders, units and amounts",
    ("presale", "erase"): "numbers of orders, units and amounts",
    ("bargaining", "erase"): "prices, days and who helped whom, without a word about a person",
    ("group_buy", "erase"): "numbers of orders, units and amounts",
    ("payments", "move"): "payments go with their orders",
    ("allocation", "move"): "known by the order's number only",
    ("allocation", "export"): "the order's recipient, exported with the order",
    ("shipments", "move"): "known by the order's number only",
    ("shipments", "export"): "the order's recipient, exported with the order",
}
NOT_PERSONAL = {
    "identity.AccountMerge": "the proof of what became of an account: numbers and counts, kept for good",
    "identity.Cancellation": "the proof that a wish was carried out: days and counts, kept for good",
    "network.Store": "the shop's own telephone",
    "network.Warehouse": "the shop's own telephone",
}
# Rooms below orders know of members through orders, which see to these.
KEPT_FOR = {"allocation": "orders.fulfilment", "shipments": "orders.fulfilment"}


def points_at_member(model):
    return any(field.is_relation and field.concrete and field.related_model is Member for field in model._meta.fields)


def holds_words_about_people(model):
    texts = (models.CharField, models.TextField, models.JSONField, models.DateField)
    return any(isinstance(field, texts) and PERSONAL.search(field.name) for field in model._meta.fields)


def keeper_of(model):
    """The room that answers for the model's rows."""
    return KEPT_FOR.get(model._meta.app_label, apps.get_app_config(model._meta.app_label).name)


def forgotten(model):
    """What is missing, as sentences that say where to put it."""
    label, room = model._meta.label, keeper_of(model)
    if label in NOT_PERSONAL:
        return []
    missing = [
        f"{label} keeps something about members: list {room}.member_data.{verb} in settings.{name}"
        for verb, name in LISTS.items()
        if f"{room}.member_data.{verb}" not in getattr(settings, name)
        and (model._meta.app_label, verb) not in NOT_LISTED
    ]
    if model._meta.app_label not in KEPT_FOR and not is_known_to(model, room):
        missing.append(f"{label} keeps something about members: see to it in {room}.member_data")
    return missing


def is_known_to(model, room):
    """Whether the room's `member_data`, or a service of the room that it calls, knows the model at all."""
    if find_spec(f"{room}.member_data") is None:
        return False
    named = vars(import_module(f"{room}.member_data"))
    homes = {getattr(each, "__module__", None) or "" for each in named.values() if isfunction(each)}
    called = [vars(import_module(home)) for home in homes if home.startswith(f"{room}.")]
    return any(model in names.values() for names in (named, *called))


def keeping():
    return [each for each in own_models() if points_at_member(each) or holds_words_about_people(each)]


def test_every_room_sees_to_what_it_keeps_about_members():
    missing = [sentence for model in keeping() for sentence in forgotten(model)]
    assert missing == [], "\n".join(["", *missing, "or say in tests/test_member_data.py why there is nothing to do"])


def test_the_walk_finds_relations_and_copies():
    found = {model._meta.label for model in keeping()}
    assert {"identity.Address", "tiers.MemberTier", "checkout.Order", "cart.CartItem"} <= found
    assert {"payments.Payment", "identity.PhoneCode", "shipments.Shipment"} <= found


@pytest.mark.parametrize("name", LISTS.values())
def test_a_room_that_is_not_listed_is_named(name, settings):
    verb = next(verb for verb, each in LISTS.items() if each == name)
    listed = f"orders.checkout.member_data.{verb}"
    setattr(settings, name, [each for each in getattr(settings, name) if each != listed])
    missing = [sentence for model in keeping() for sentence in forgotten(model)]
    assert missing == [f"checkout.Order keeps something about members: list {listed} in settings.{name}"]


def test_reasons_are_given_only_where_they_are_needed():
    labels = {model._meta.label for model in keeping()}
    rooms = {model._meta.app_label for model in keeping()}
    assert NOT_PERSONAL.keys() <= labels
    assert {room for room, _verb in NOT_LISTED} | KEPT_FOR.keys() <= rooms
