"""Random lives of a random forest of members come to what the reference says, whatever happens in which order."""

import pytest

from members.identity.tests.factories import MemberFactory
from promotions.distribution.models import Commission, Withdrawal
from promotions.distribution.tests.making import laws, prefer, product
from promotions.distribution.tests.random_life import RandomLife

STEPS = 500


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_random_lives_come_to_what_the_reference_says(seed):
    prefer(second_level=True, sales_per_day=1_000_000, paid_as="points", smallest_withdrawal_fen=100)
    life = RandomLife(members=MemberFactory.create_batch(16), products=[product() for _ in range(3)], seed=seed)
    for number in range(STEPS):
        life.step()
        if number % 50 == 0:
            assert life.differences() == []
    assert life.differences() == []
    assert laws() == []
    assert min(life.taken.values()) > 0
    assert Commission.objects.filter(level=2).exists()
    assert Withdrawal.objects.filter(status__in=["paid", "refused"]).exists()


def live_and_compare(life):
    """What is forgotten shows in the balances, or in a step that has another end."""
    for _ in range(200):
        life.step()
    assert life.differences() == []


@pytest.mark.django_db
def test_the_reference_sees_a_ledger_that_forgets_a_refund(monkeypatch):
    prefer(sales_per_day=1_000_000, paid_as="points", smallest_withdrawal_fen=100)
    life = RandomLife(members=MemberFactory.create_batch(8), products=[product()], seed=3)
    monkeypatch.setattr("promotions.distribution.tests.random_life.follow_refunds", lambda **told: 0)
    life.known.has_second_level = False
    with pytest.raises(AssertionError):
        live_and_compare(life)
