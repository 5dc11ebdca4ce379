import uuid

import pytest

from shop.core import rate_limits
from shop.core.errors import RateLimited
from tests.concurrency.racing import run_together


def test_uses_beyond_the_rate_are_refused_with_the_time_to_wait():
    key = uuid.uuid4().hex
    for _ in range(3):
        rate_limits.limit(key=key, rate=3, per_seconds=60)
    with pytest.raises(RateLimited) as refusal:
        rate_limits.limit(key=key, rate=3, per_seconds=60)
    assert 0 < refusal.value.retry_after <= 60
    rate_limits.limit(key=key + "-other", rate=3, per_seconds=60)


@pytest.mark.django_db
def test_parallel_uses_are_counted_exactly():
    key = uuid.uuid4().hex
    answers = run_together(*[lambda: rate_limits.limit(key=key, rate=5, per_seconds=60)] * 20)
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 15


def test_without_redis_the_limit_is_open_and_says_so(settings, monkeypatch, caplog):
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(rate_limits, "_client", None)
    for _ in range(5):
        rate_limits.limit(key="any", rate=1, per_seconds=60)
    monkeypatch.setattr(rate_limits, "_client", None)
    assert "rate_limit_unavailable" in caplog.text
