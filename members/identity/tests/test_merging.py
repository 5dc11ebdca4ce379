"""A WeChat user proves the phone of another account: both become one, with everything that hangs on them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.db import models, transaction

from members.identity import wechat
from members.identity.errors import MemberBlocked
from members.identity.models import AccountMerge, Address, Cancellation, Member
from members.identity.origin import Origin
from members.identity.services import merging, move_strays, sign_in
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.cart.models import CartItem
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, ordered
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db

PHONE, E164 = "13800138000", "+8613800138000"
NOW = datetime.now(UTC)


@pytest.fixture
def by_phone(db):
    return MemberFactory(phone=E164, nickname="电话")


@pytest.fixture
def by_wechat(db):
    return MemberFactory(phone=None, openid="mine", nickname="微信", birthday=date(1990, 5, 1))


@pytest.fixture
def prove(api, sandbox):
    def enter():
        codes = sandbox.wechat_codes(openid="mine", phone=PHONE)
        return api.post(
            "/api/v1/auth/wechat-login", {"login_code": codes["login_code"], "phone_code": codes["phone_code"]}
        )

    return enter


def merge(source, target):
    with transaction.atomic():
        return merging.merge_accounts(source_id=source.pk, target_id=target.pk, now=NOW)


def rows_of(member):
    """Every row of every room that points at the member, but for what records the merge itself."""
    kept = {"identity.AccountMerge.source", "identity.Cancellation.member", "identity.MemberSession.member"}
    return [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.related_model is Member
        and f"{model._meta.label}.{field.name}" not in kept
        and model._default_manager.filter(**{field.name: member}).exists()
    ]


def test_the_account_without_a_phone_becomes_part_of_the_one_that_has_it(by_phone, by_wechat, prove):
    answer = prove()
    assert (answer.status_code, answer.json()["member"]["id"], answer.json()["is_new"]) == (200, by_phone.pk, False)
    by_phone.refresh_from_db()
    by_wechat.refresh_from_db()
    assert (by_phone.openid, by_phone.nickname, by_phone.birthday) == ("mine", "电话", date(1990, 5, 1))
    assert (by_wechat.status, by_wechat.merged_into, by_wechat.openid, by_wechat.nickname) == (
        "merged",
        by_phone,
        None,
        "",
    )
    assert AccountMerge.objects.values_list("source", "target").get() == (by_wechat.pk, by_phone.pk)
    again = prove()
    assert again.json()["member"]["id"] == by_phone.pk
    assert AccountMerge.objects.count() == 1


def test_everything_that_hangs_on_it_comes_along(by_phone, by_wechat, prove):
    loose, sku, both = buyer(by_wechat), SkuFactory(), SkuFactory()
    order = ordered(loose, (sku, 1))
    for sku_id, quantity in ((sku.pk, 2), (both.pk, 3)):
        loose.post("/api/v1/cart/items", {"sku_id": sku_id, "quantity": quantity})
    home = AddressFactory(member=by_phone)
    client_for(by_phone).post("/api/v1/cart/items", {"sku_id": both.pk, "quantity": 1})
    invitee = MemberFactory(inviter=by_wechat)
    prove()
    assert rows_of(by_wechat) == []
    assert Order.objects.get().member == by_phone
    assert set(CartItem.objects.values_list("member", "sku", "quantity")) == {
        (by_phone.pk, sku.pk, 2),
        (by_phone.pk, both.pk, 3),
    }
    assert Address.objects.filter(member=by_phone).count() == 2
    assert Address.objects.get(is_default=True) == home
    invitee.refresh_from_db()
    assert invitee.inviter == by_phone
    moved = AccountMerge.objects.get().moved
    assert {name: moved[name] for name in ("orders", "addresses", "cart_items", "invitees")} == {
        "orders": 1,
        "addresses": 1,
        "cart_items": 1,
        "invitees": 1,
    }
    assert order.number in str(client_for(by_phone).get("/api/v1/orders").json())


def test_the_old_account_is_signed_out(by_phone, by_wechat, prove):
    old = client_for(by_wechat)
    prove()
    assert by_wechat.sessions.get().revoked_at is not None
    answer = old.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_nobody_becomes_their_own_inviter(by_phone, by_wechat):
    between = MemberFactory(inviter=by_wechat)
    Member.objects.filter(pk=by_phone.pk).update(inviter=between)
    merge(by_wechat, by_phone)
    between.refresh_from_db()
    by_phone.refresh_from_db()
    assert (between.inviter, by_phone.inviter) == (by_phone, None)


@pytest.mark.parametrize("blocked", ["by_phone", "by_wechat"])
def test_a_blocked_account_is_not_merged(by_phone, by_wechat, blocked, prove):
    Member.objects.filter(pk={"by_phone": by_phone, "by_wechat": by_wechat}[blocked].pk).update(status="blocked")
    before = list(Member.objects.order_by("pk").values())
    answer = prove()
    assert (answer.status_code, answer.json()["code"]) == (403, "member_blocked")
    assert list(Member.objects.order_by("pk").values()) == before
    with pytest.raises(MemberBlocked):
        merge(by_wechat, by_phone)


def test_a_cancellation_of_the_old_account_does_not_reach_the_new_one(by_phone, by_wechat):
    asked = Cancellation.objects.create(member=by_wechat, requested_at=NOW, due_at=NOW)
    merge(by_wechat, by_phone)
    asked.refresh_from_db()
    assert asked.withdrawn_at == NOW


def test_what_arrives_late_is_moved_on_until_the_last_token_has_run_out(by_phone, by_wechat):
    merge(by_wechat, by_phone)
    CartItem.objects.create(member=by_wechat, sku=SkuFactory(), quantity=1, added_at=NOW)
    assert move_strays(now=NOW + timedelta(minutes=10)) == 1
    assert CartItem.objects.get().member == by_phone
    assert AccountMerge.objects.get().moved["cart_items"] == 1
    CartItem.objects.update(member=by_wechat)
    assert move_strays(now=NOW + timedelta(hours=2)) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_accounts_are_merged_once_however_often_the_phone_is_proven_at_once(guarded, monkeypatch):
    target, source = MemberFactory(phone=E164), MemberFactory(phone=None, openid="mine")
    AddressFactory(member=source)
    if not guarded:
        monkeypatch.setattr(sign_in, "lock_names", lambda *_: None)
        monkeypatch.setattr(merging, "lock_members", lambda *ids: Member.objects.in_bulk(ids))
    account = wechat.WechatAccount(openid="mine", unionid="")

    def enter():
        return sign_in._enter_by_wechat(account=account, phone=E164, invite_code="", origin=Origin(), now=clock.now())

    answers = run_together(*[enter] * 8)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    assert (failed == []) is guarded
    if guarded:
        assert {answer.member.pk for answer in answers} == {target.pk}
        assert AccountMerge.objects.get().moved["addresses"] == 1
        assert Member.objects.values_list("phone", "openid").get(pk=target.pk) == (E164, "mine")
