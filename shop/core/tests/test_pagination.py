from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from shop.core.api.pagination import page
from shop.core.errors import InvalidCursor
from shop.core.models import Alert

NOW = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def ask(**params):
    return Request(APIRequestFactory().get("/", params))


def walk(ordering, limit):
    seen, cursor = [], None
    while True:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = page(Alert.objects.all(), ask(**params), ordering=ordering, present=lambda row: row.cause)
        seen += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return seen


@pytest.fixture
def alerts(db):
    # Three share each instant, so that a page boundary falls between equals.
    for i in range(10):
        Alert.objects.create(cause=str(i), message="", raised_at=NOW + timedelta(seconds=i // 3))


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10, 100])
def test_pages_join_into_the_whole_list_without_gaps_or_repeats(alerts, limit):
    assert walk(["raised_at", "id"], limit) == [str(i) for i in range(10)]
    assert walk(["-raised_at", "-id"], limit) == [str(i) for i in reversed(range(10))]


@pytest.mark.parametrize("cursor", ["x", "!!!", "bnVsbA", "W10", "WzFd", "W1tdLDFd"])
def test_a_cursor_that_was_made_up_is_refused(alerts, cursor):
    with pytest.raises(InvalidCursor):
        page(Alert.objects.all(), ask(cursor=cursor), ordering=["raised_at", "id"], present=str)


def test_a_cursor_with_values_of_the_wrong_kind_is_refused(alerts):
    with pytest.raises(InvalidCursor):
        page(Alert.objects.all(), ask(cursor="WyJub3QgYSBkYXRlIiwxXQ"), ordering=["raised_at", "id"], present=str)
