"""From an invite code to the facts that rewards are paid on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.services.merging import merge_accounts
from members.identity.services.sessions import open_session
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from members.invitations import services
from members.invitations.errors import InvitationNotHeld
from members.invitations.models import Invitation
from members.invitations.preferences import INVITEES_PER_DAY
from members.invitations.services import (
    clear_invitation,
    record_registration,
    refuse_invitation,
    settle_first_order,
)
from members.invitations.tests.factories import invite
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.progress import receive_order
from orders.checkout.tests.making import buyer, ordered
from orders.payments.tests.factories import deliver_outbox
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC).replace(microsecond=0)
CLERK = Actor.staff("clerk")


@pytest.fixture
def facts(monkeypatch):
    """What was announced, by name."""
    announced = []
    monkeypatch.setattr(services, "publish", announced.append)
    return lambda: [type(fact).__name__ for fact in announced]


def settle(invitation, number="D1"):
    with transaction.atomic():
        return settle_first_order(member_id=invitation.invitee_id, order_number=number, now=NOW)


def test_who_registers_with_a_code_is_invited_once_and_for_all(api, sandbox, member):
    codes = sandbox.wechat_codes(openid="newcomer", phone="13800138000")
    body = {"login_code": codes["login_code"], "phone_code": codes["phone_code"]}
    answer = api.post("/api/v1/auth/wechat-login", body | {"invite_code": member.invite_code.lower()})
    deliver_outbox()
    invitation = Invitation.objects.get()
    assert (invitation.inviter, invitation.invitee_id) == (member, answer.json()["member"]["id"])
    assert (invitation.review, invitation.settled_at) == ("clear", None)
    again = {"login_code": sandbox.login_code("newcomer"), "invite_code": MemberFactory().invite_code}
    api.post("/api/v1/auth/wechat-login", again)
    deliver_outbox()
    assert Invitation.objects.get().inviter == member
    assert Member.objects.get(openid="newcomer").inviter == member


def test_who_comes_alone_has_no_invitation(facts):
    assert record_registration(member_id=MemberFactory().pk, now=NOW) is None
    assert (Invitation.objects.count(), facts()) == (0, [])


def test_a_registration_told_twice_is_announced_once(member, facts):
    invitation = invite(member, now=NOW)
    assert record_registration(member_id=invitation.invitee_id, now=NOW) is None
    assert facts() == ["InvitationRegistered"]


def test_the_first_completed_order_settles_it(member):
    friend = MemberFactory(inviter=member)
    record_registration(member_id=friend.pk, now=NOW)
    client = buyer(friend)
    for _ in range(2):
        order = ordered(client, (SkuFactory(), 1))
        Order.objects.filter(pk=order.pk).update(status=OrderStatus.DELIVERED)
    first, second = Order.objects.order_by("pk")
    receive_order(number=second.number, member_id=friend.pk, now=NOW)
    deliver_outbox()
    receive_order(number=first.number, member_id=friend.pk, now=NOW + timedelta(hours=1))
    deliver_outbox()
    invitation = Invitation.objects.get()
    assert (invitation.order_number, invitation.settled_at) == (second.number, NOW)


def test_settled_twice_it_is_announced_once(member, facts):
    invitation = invite(member, now=NOW)
    assert [settle(invitation), settle(invitation, "D2")] == [True, False]
    assert facts() == ["InvitationRegistered", "InvitationSettled"]


def test_an_order_of_who_came_alone_settles_nothing(member, facts):
    with transaction.atomic():
        assert settle_first_order(member_id=member.pk, order_number="D1", now=NOW) is False
    assert facts() == []


def signed_in(member, **origin):
    open_session(member=member, origin=Origin(**origin), now=NOW)


def suspicious(member, friend):
    friend.inviter = member
    friend.save(update_fields=["inviter"])
    return record_registration(member_id=friend.pk, now=NOW).suspicions


def test_the_same_device_or_address_is_held(member):
    signed_in(member, device="d1", address="203.0.113.7")
    same_device, same_address, other = MemberFactory.create_batch(3)
    signed_in(same_device, device="d1", address="203.0.113.8")
    signed_in(same_address, device="d2", address="203.0.113.7")
    signed_in(other, device="", address=None)
    assert suspicious(member, same_device) == ["device"]
    assert suspicious(member, same_address) == ["address"]
    assert suspicious(member, other) == []
    reviews = Invitation.objects.order_by("pk").values_list("review", flat=True)
    assert list(reviews) == ["held", "held", "clear"]


def test_oneself_under_a_second_phone_is_held(member):
    friend = MemberFactory(phone="+8613900139000")
    AddressFactory(member=member, phone="+8613900139000")
    assert suspicious(member, friend) == ["self"]


def test_a_circle_is_held(member):
    middle = MemberFactory(inviter=member)
    member.inviter = MemberFactory(inviter=middle)
    member.save(update_fields=["inviter"])
    assert suspicious(MemberFactory(inviter=middle), member) == ["loop"]


def test_too_many_in_a_day_are_held(member, monkeypatch):
    monkeypatch.setattr(type(INVITEES_PER_DAY), "value", lambda _: 2)
    invite(member, now=NOW - timedelta(days=1))
    reviews = [invite(member, now=NOW + timedelta(minutes=n)).review for n in range(3)]
    assert reviews == ["clear", "clear", "held"]


@pytest.fixture
def held(member):
    signed_in(member, device="d1")
    friend = MemberFactory(inviter=member)
    signed_in(friend, device="d1")
    return record_registration(member_id=friend.pk, now=NOW)


def test_what_is_held_is_announced_when_a_person_has_cleared_it(held, facts):
    settle(held)
    assert facts() == []
    clear_invitation(invitation_id=held.pk, actor=CLERK, now=NOW)
    assert facts() == ["InvitationRegistered", "InvitationSettled"]
    with pytest.raises(InvitationNotHeld):
        clear_invitation(invitation_id=held.pk, actor=CLERK, now=NOW)
    assert len(facts()) == 2


def test_cleared_before_the_first_order_the_order_announces_itself(held, facts):
    clear_invitation(invitation_id=held.pk, actor=CLERK, now=NOW)
    settle(held)
    assert facts() == ["InvitationRegistered", "InvitationSettled"]


def test_what_is_refused_brings_nothing(held, facts):
    refuse_invitation(invitation_id=held.pk, actor=CLERK, now=NOW)
    settle(held)
    held.refresh_from_db()
    assert (held.review, held.reviewed_by, facts()) == ("refused", "staff:clerk", [])


def test_invitations_follow_a_merged_account_but_not_to_oneself(member):
    loose = MemberFactory(phone=None, openid="loose")
    made, of_oneself = invite(loose, now=NOW), MemberFactory(inviter=loose)
    record_registration(member_id=of_oneself.pk, now=NOW)
    with transaction.atomic():
        merge_accounts(source_id=loose.pk, target_id=of_oneself.pk, now=NOW)
    made.refresh_from_db()
    assert (made.inviter, made.review) == (of_oneself, "clear")
    kept = Invitation.objects.get(invitee=of_oneself)
    assert (kept.review, kept.suspicions) == ("refused", ["self"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_orders_settled_at_once_settle_it_once(guarded, monkeypatch):
    invitation = invite(MemberFactory(), now=NOW)
    if not guarded:
        unlocked = Invitation.objects.get(pk=invitation.pk)
        monkeypatch.setattr(
            services, "_locked", lambda **_: Invitation(**{f.attname: getattr(unlocked, f.attname) for f in FIELDS})
        )
    answers = run_together(*[lambda n=n: settle(invitation, f"D{n}") for n in range(8)])
    assert (answers.count(True) == 1) is guarded


FIELDS = Invitation._meta.concrete_fields


def test_a_member_sees_whom_they_invited(member, django_assert_num_queries):
    waiting, settled, looked_at, refused = (
        invite(member, now=NOW + timedelta(minutes=n), nickname=f"友{n}") for n in range(4)
    )
    settle(settled)
    Invitation.objects.filter(pk=looked_at.pk).update(review="held")
    Invitation.objects.filter(pk=refused.pk).update(review="refused")
    invite(MemberFactory(), now=NOW)
    client = client_for(member)
    with django_assert_num_queries(3):
        shown = client.get("/api/v1/me/invitations").json()
    assert (shown["invited"], shown["settled"], shown["invite_code"]) == (4, 1, member.invite_code)
    assert shown["link"].endswith(f"/?invite={member.invite_code}")
    assert [(each["name"], each["status"], each["reward"]) for each in shown["items"]] == [
        ("友***", "registered", "refused"),
        ("友***", "registered", "checking"),
        ("友***", "settled", "earned"),
        ("友***", "registered", "waiting"),
    ]
    assert waiting.pk == shown["items"][-1]["id"]
