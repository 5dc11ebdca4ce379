"""Codes cannot be guessed: wrong ones are counted before they are looked at, for the account and for the address."""

from datetime import timedelta

import pytest

from logistics.network.tests.factories import make_store
from orders.verification import attempts
from orders.verification.attempts import forget_tries, let_go_on
from orders.verification.errors import AlreadyVerified, CodeUnknown, TooManyWrongCodes
from orders.verification.models import CodeTries
from orders.verification.services import verifying
from orders.verification.services.verifying import Clerk, look_up, verify
from orders.verification.tests.making import clerk_of, code_of, in_store, make_staff
from shop.core import clock
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
WRONG = "P-2222-2222-2222"


@pytest.fixture
def store(db):
    return make_store()


def guess(clerk, now, code=WRONG, use=verify):
    with pytest.raises(CodeUnknown):
        use(code=code, clerk=clerk, now=now)


@pytest.mark.parametrize("code", [WRONG, "000000000000", "", "P", "é", "123456", "P-2222-2222-222I"])
def test_whatever_is_no_code_counts(store, code):
    guess(clerk_of(store), clock.now(), code)
    assert CodeTries.objects.get().tries == 1


def test_looking_and_verifying_share_the_count_and_lock_out_for_minutes(member, store):
    pickup, clerk, now = in_store(member, store), clerk_of(store), clock.now()
    for use in (look_up, verify) * 5:
        guess(clerk, now, use=use)
    for use in (look_up, verify):
        with pytest.raises(TooManyWrongCodes) as refused:
            use(code=code_of(pickup), clerk=clerk, now=now + timedelta(minutes=5))
        assert refused.value.retry_after == 601
    pickup.refresh_from_db()
    assert pickup.fetched_at is None
    assert verify(code=code_of(pickup), clerk=clerk, now=now + timedelta(minutes=15))


def test_right_codes_cost_nothing(member, store):
    pickup, clerk, now = in_store(member, store), clerk_of(store), clock.now()
    for _ in range(12):
        look_up(code=code_of(pickup), clerk=clerk, now=now)
    verify(code=code_of(pickup), clerk=clerk, now=now)
    for _ in range(12):
        with pytest.raises(AlreadyVerified):
            verify(code=code_of(pickup), clerk=clerk, now=now)
    assert CodeTries.objects.get().tries == 0


def test_many_accounts_at_one_address_are_locked_out_together(store):
    now = clock.now()
    for index in range(10):
        guess(clerk_of(store, name=f"clerk{index}", address="203.0.113.9"), now)
    fresh = make_staff("fresh", stores=(store,))
    with pytest.raises(TooManyWrongCodes):
        verify(code=WRONG, clerk=Clerk(fresh, address="203.0.113.9"), now=now)
    guess(Clerk(fresh, address="203.0.113.10"), now)


def test_a_manager_lets_somebody_go_on(member, store):
    pickup, clerk, now = in_store(member, store), clerk_of(store), clock.now()
    for _ in range(10):
        guess(clerk, now)
    let_go_on(tries_id=CodeTries.objects.get().pk)
    assert verify(code=code_of(pickup), clerk=clerk, now=now)


def test_old_counts_are_forgotten(store):
    now = clock.now()
    guess(clerk_of(store), now)
    assert (forget_tries(before=now), forget_tries(before=now + timedelta(seconds=1))) == (0, 1)


def take_no_try(*, who, now):
    """The count is looked at, as others do, but not taken before the code is."""
    if CodeTries.objects.filter(who__in=who, tries__gt=10).exists():
        raise TooManyWrongCodes


@pytest.mark.parametrize("guarded", [True, False])
def test_of_guesses_at_once_no_more_are_looked_at_than_the_limit(store, monkeypatch, guarded):
    clerk, now, looked = clerk_of(store), clock.now(), []
    find = verifying.PickupCodes.find
    monkeypatch.setattr(verifying.PickupCodes, "find", lambda *given, **more: looked.append(1) or find(*given, **more))
    if not guarded:
        monkeypatch.setattr(attempts, "take_try", take_no_try)

    def many():
        for _ in range(5):
            with pytest.raises((CodeUnknown, TooManyWrongCodes)):
                verify(code=WRONG, clerk=clerk, now=now)

    run_together(*[many] * 8)
    assert len(looked) == (10 if guarded else 40)
