"""What is kept for a few seconds."""

from shop.core import kept


def test_a_value_is_read_once_until_it_is_forgotten_or_old(monkeypatch):
    reads = iter(range(10))
    numbers = kept.Kept(lambda: next(reads))
    monkeypatch.setattr(kept, "REFRESH_SECONDS", 5.0)
    monkeypatch.setattr(kept.time, "monotonic", lambda: 100.0)
    assert [numbers.value(), numbers.value()] == [0, 0]
    numbers.forget()
    assert numbers.value() == 1
    monkeypatch.setattr(kept.time, "monotonic", lambda: 105.1)
    assert numbers.value() == 2
    kept.forget_all()
    assert numbers.value() == 3
    assert [numbers.anew(), numbers.value()] == [4, 4]
