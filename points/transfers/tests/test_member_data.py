"""Merged, erased, exported."""

import pytest
from django.db import transaction

from members.identity.rooms import erase_everything, export_everything
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from points.ledger.queries import balance_of
from points.transfers.models import Transfer
from points.transfers.services import accept_transfer, decline_transfer
from points.transfers.tests.making import offered
from shop.core import clock

pytestmark = pytest.mark.django_db


def test_what_was_given_and_received_follows_a_merged_account(member):
    now, loose, other = clock.now(), MemberFactory(phone="+8613700137000"), MemberFactory()
    given, received, between = offered(loose, other), offered(other, loose), offered(loose, member)
    for each, who in ((given, other), (received, loose), (between, member)):
        accept_transfer(transfer_id=each.pk, member_id=who.pk, now=now)
    loose.phone, loose.openid = None, "loose"
    loose.save(update_fields=["phone", "openid"])
    with transaction.atomic():
        merge_accounts(source_id=loose.pk, target_id=member.pk, now=now)
    pairs = list(Transfer.objects.order_by("pk").values_list("sender", "recipient"))
    assert pairs == [(member.pk, other.pk), (other.pk, member.pk), (loose.pk, member.pk)]
    assert balance_of(member_id=member.pk, now=now).available == 200


def test_who_leaves_gets_and_gives_back_what_is_open_and_leaves_no_words(member):
    now, other = clock.now(), MemberFactory()
    outgoing, incoming, old = offered(member, other), offered(other, member), offered(other, member)
    decline_transfer(transfer_id=old.pk, member_id=member.pk, now=now)
    Transfer.objects.filter(pk=outgoing.pk).update(message="谢谢")
    with transaction.atomic():
        erased = erase_everything(member_id=member.pk, now=now)
    assert (erased["open_transfers"], erased["transfer_messages"]) == (2, 1)
    rows = list(Transfer.objects.order_by("pk").values_list("pk", "status", "phone", "message"))
    assert rows == [
        (outgoing.pk, "returned", "", ""),
        (incoming.pk, "returned", "", ""),
        (old.pk, "declined", "", ""),
    ]
    assert balance_of(member_id=other.pk, now=now).available == 200


def test_a_member_takes_along_what_they_gave_and_received(member):
    other = MemberFactory()
    given = offered(member, other)
    accept_transfer(transfer_id=given.pk, member_id=other.pk, now=clock.now())
    mine, theirs = (export_everything(member_id=each.pk) for each in (member, other))
    assert [(row["points"], row["phone"]) for row in mine["transfers_given"]] == [(100, other.phone)]
    assert [(row["points"], row["status"]) for row in theirs["transfers_received"]] == [(100, "accepted")]
    assert "phone" not in theirs["transfers_received"][0]
