import pytest

from points.ledger.invariants import LAWS as LEDGER_LAWS
from points.tasks.invariants import LAWS


@pytest.fixture(autouse=True)
def _laws_hold(db):
    yield
    assert {law.__name__: law() for law in (*LEDGER_LAWS, *LAWS) if law()} == {}
