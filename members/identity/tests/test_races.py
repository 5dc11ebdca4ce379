"""Races over one phone, one openid, one code and one refresh token, each with a control whose guard is off."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.db import IntegrityError, transaction

from members.identity import wechat
from members.identity.errors import PhoneCodeInvalid, PhoneCodeTooSoon, PhoneTaken, SessionEnded
from members.identity.models import Address, Member, MemberSession, PhoneChange, PhoneCode
from members.identity.origin import Origin
from members.identity.services import (
    add_address,
    addresses,
    change_phone_of,
    phone_codes,
    phones,
    refresh,
    send_phone_code,
    sessions,
    sign_in,
)
from members.identity.services.sessions import open_session
from members.identity.tests.factories import MemberFactory
from shop.core import clock
from shop.core.actors import Actor
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+8613800138000"
MANY = 12


@pytest.fixture
def code(sandbox):
    send_phone_code(phone=PHONE, origin=Origin(), now=clock.now())
    return sandbox.sms_code("13800138000")


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def count_try_unguarded(parties):
    """Read, decide, write: everybody has read before anybody writes."""
    barrier = Barrier(parties, timeout=30)

    def count_try(*, code_id, now):
        row = PhoneCode.objects.get(pk=code_id)
        barrier.wait()
        if row.tries >= phone_codes.TRIES or row.used_at or row.expires_at <= now:
            return False
        row.tries += 1
        row.save(update_fields=["tries"])
        return True

    return count_try


@pytest.mark.parametrize("guarded", [True, False])
def test_two_hundred_guesses_forty_at_a_time_check_five(code, guarded, monkeypatch):
    checked, counting, compare = [], Lock(), phone_codes.constant_time_compare

    def counted(kept, given):
        with counting:
            checked.append(given)
        return compare(kept, given)

    monkeypatch.setattr(phone_codes, "constant_time_compare", counted)
    if not guarded:
        monkeypatch.setattr(phone_codes, "_count_try", count_try_unguarded(40))

    def guess():
        phone_codes.check_phone_code(phone=PHONE, code=wrong(code), now=clock.now())

    answers = [answer for _ in range(5) for answer in run_together(*[guess] * 40)]
    assert len(answers) == 200
    assert {type(answer) for answer in answers} == {PhoneCodeInvalid}
    assert (len(checked) == 5) is guarded
    if guarded:
        with pytest.raises(PhoneCodeInvalid):
            phone_codes.check_phone_code(phone=PHONE, code=code, now=clock.now())


@pytest.mark.parametrize("guarded", [True, False])
def test_a_code_opens_one_session_however_many_try_it_at_once(code, guarded, monkeypatch):
    code_id = PhoneCode.objects.get().pk
    if not guarded:
        monkeypatch.setattr(sign_in, "claim_phone_code", lambda **_: None)

    def enter():
        return sign_in._enter_by_phone(code_id=code_id, phone=PHONE, invite_code="", origin=Origin(), now=clock.now())

    answers = run_together(*[enter] * MANY)
    assert (MemberSession.objects.count() == 1) is guarded
    if guarded:
        assert sorted(type(a).__name__ for a in answers) == ["PhoneCodeInvalid"] * (MANY - 1) + ["SignedIn"]


def meet_before_looking(monkeypatch, parties):
    """Take the lock away; everybody looks for the member before anybody has made one."""
    barrier, look = Barrier(parties, timeout=30), sign_in._account_of

    def looked(**who):
        found = look(**who)
        barrier.wait()
        return found

    monkeypatch.setattr(sign_in, "lock_names", lambda *_: None)
    monkeypatch.setattr(sign_in, "_account_of", looked)


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("phone", [None, PHONE])
def test_first_sign_ins_at_once_make_one_member(phone, guarded, monkeypatch):
    if not guarded:
        meet_before_looking(monkeypatch, MANY)
    account = wechat.WechatAccount(openid="race", unionid="")

    def enter():
        return sign_in._enter_by_wechat(account=account, phone=phone, invite_code="", origin=Origin(), now=clock.now())

    answers = run_together(*[enter] * MANY)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    assert Member.objects.count() == 1
    assert (failed == []) is guarded
    if guarded:
        assert [answer.is_new for answer in answers].count(True) == 1
    else:
        assert {type(error) for error in failed} == {IntegrityError}


def test_phone_and_wechat_at_once_end_in_one_account(code):
    code_id = PhoneCode.objects.get().pk
    account = wechat.WechatAccount(openid="race", unionid="")
    common = {"phone": PHONE, "invite_code": "", "origin": Origin(), "now": clock.now()}
    answers = run_together(
        lambda: sign_in._enter_by_phone(code_id=code_id, **common),
        *[lambda: sign_in._enter_by_wechat(account=account, **common)] * 5,
    )
    assert {answer.member.pk for answer in answers} == {Member.objects.get().pk}
    assert Member.objects.values_list("phone", "openid").get() == (PHONE, "race")


@pytest.mark.parametrize("guarded", [True, False])
def test_a_phone_goes_to_one_of_those_who_want_it_at_once(guarded, monkeypatch):
    members = MemberFactory.create_batch(MANY)
    if not guarded:
        barrier, real = Barrier(MANY, timeout=30), phones._is_taken

        def look_together(phone):
            taken = real(phone)
            barrier.wait()
            return taken

        monkeypatch.setattr(phones, "lock_names", lambda *_: None)
        monkeypatch.setattr(phones, "_is_taken", look_together)

    def claim(member):
        change_phone_of(member_id=member.pk, phone=PHONE, reason="x", actor=Actor.staff("a"), now=clock.now())

    answers = run_together(*[lambda member=each: claim(member) for each in members])
    refused = [answer for answer in answers if answer is not None]
    assert len(refused) == MANY - 1
    assert {type(answer) for answer in refused} == {PhoneTaken if guarded else IntegrityError}
    assert Member.objects.get(phone=PHONE).phone_changes.get() == PhoneChange.objects.get()


@pytest.mark.parametrize("guarded", [True, False])
def test_one_code_a_minute_however_many_are_asked_for_at_once(sandbox, guarded, monkeypatch):
    before = len(sandbox.messages("13800138000"))
    if not guarded:
        barrier, check = Barrier(MANY, timeout=30), phone_codes._check_quota

        def checked(*quota):
            check(*quota)
            barrier.wait()

        monkeypatch.setattr(phone_codes, "lock_names", lambda *_: None)
        monkeypatch.setattr(phone_codes, "_check_quota", checked)
    answers = run_together(*[lambda: send_phone_code(phone=PHONE, origin=Origin(), now=clock.now())] * MANY)
    sent = len(sandbox.messages("13800138000")) - before
    assert (sent == 1) is guarded
    if guarded:
        assert [type(answer) for answer in answers].count(PhoneCodeTooSoon) == MANY - 1


@pytest.mark.parametrize("guarded", [True, False])
def test_a_refresh_token_is_exchanged_once(guarded, monkeypatch):
    tokens = open_session(member=MemberFactory(), origin=Origin(), now=clock.now())
    if not guarded:
        barrier = Barrier(MANY, timeout=30)

        def look_unlocked(*, key_hash):
            found = MemberSession.objects.select_related("member").get(key_hash=key_hash)
            barrier.wait()
            return found

        monkeypatch.setattr(sessions, "_lock_session", look_unlocked)
    answers = run_together(*[lambda: refresh(token=tokens.refresh, now=clock.now())] * MANY)
    exchanged = [answer for answer in answers if not isinstance(answer, SessionEnded)]
    assert (len(exchanged) == 1) is guarded
    if guarded:
        assert MemberSession.objects.get().revoked_at is not None


@pytest.mark.parametrize("guarded", [True, False])
def test_addresses_at_once_keep_one_default_and_the_limit(guarded, monkeypatch):
    member = MemberFactory()
    where = {"name": "张三", "phone": PHONE, "region_code": "440305", "detail": "1"}
    for _ in range(45):
        add_address(member_id=member.pk, **where)
    if not guarded:
        barrier = Barrier(MANY, timeout=30)

        class LimitReadTogether:
            def value(self):
                barrier.wait()
                return 50

        monkeypatch.setattr(addresses, "lock_active_member", lambda **_: None)
        monkeypatch.setattr(addresses, "ADDRESSES_PER_MEMBER", LimitReadTogether())
    run_together(*[lambda: add_address(member_id=member.pk, **where)] * MANY)
    assert (Address.objects.filter(member=member).count() == 50) is guarded
    assert Address.objects.filter(member=member, is_default=True).count() == 1


def test_a_try_is_not_counted_where_a_refusal_would_roll_it_back(code):
    with transaction.atomic(), pytest.raises(RuntimeError):
        phone_codes.check_phone_code(phone=PHONE, code=code, now=clock.now())
    assert PhoneCode.objects.get().tries == 0


@pytest.mark.parametrize("guarded", [True, False])
def test_one_process_refreshes_the_access_token(sandbox, settings, guarded, monkeypatch):
    key = f"wechat:access-token:{settings.WECHAT_APP_ID}"
    cache.delete_many([key, f"{key}:refresher"])
    asked, real = [], wechat._ask_token

    def slowly(*, force):
        asked.append(force)
        time.sleep(0.2)
        return real(force=force)

    monkeypatch.setattr(wechat, "_ask_token", slowly)
    if not guarded:
        monkeypatch.setattr(RedisCache, "add", lambda *_: True)
    with ThreadPoolExecutor(MANY) as pool:
        tokens = set(pool.map(lambda _: wechat.access_token(), range(MANY)))
    assert len(tokens) == 1
    assert (asked == [False]) is guarded
