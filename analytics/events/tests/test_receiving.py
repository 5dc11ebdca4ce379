"""What fronts send: kept once, put right in time, refused by name."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from analytics.events.models import Batch, Event, QuarantinedEvent, SessionClock, TrackingRefusal
from analytics.events.tests.making import URL, event, load, loaded, send, signed_in
from members.identity.tests.factories import MemberFactory
from shop.core import clock

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _at_two_in_the_afternoon():
    with clock.fixed(NOW):
        yield


def test_an_event_is_kept_as_it_was_sent(api):
    sent = event(
        "click",
        at=NOW - SECOND,
        page="/goods/7",
        campaign="quiz-3",
        product_id=7,
        props={"slot": 'a"\\b', "n": 1},
    )
    answer = send(api, sent, **{"X-Channel": "h5", "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0)"})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    [row] = loaded()
    assert str(row.event_id) == sent["id"]
    assert (row.at, row.name, row.visitor_id, row.session_id) == (NOW - SECOND, "click", "anna", "s1")
    assert (row.page, row.campaign, row.product_id, row.channel, row.device) == ("/goods/7", "quiz-3", 7, "h5", "ios")
    assert row.props == {"slot": 'a"\\b', "n": 1}
    assert (row.member_id, row.is_bot, row.received_at) == (None, False, NOW)


def test_what_comes_twice_is_kept_once(api):
    first, second = event(at=NOW), event("click", at=NOW)
    assert send(api, first, first).json()["accepted"] == 2
    assert send(api, second, first).json() == {"accepted": 2, "rejected": []}
    assert load() == {"moved": 2, "skipped": 2}
    assert send(api, first).json()["accepted"] == 1
    assert load() == {"moved": 0, "skipped": 1}
    assert Event.objects.count() == 2


def test_names_that_are_no_uuids_are_the_visitors_own(api):
    send(api, event(at=NOW, id="e1"), event(at=NOW, id="e1"), event(at=NOW, id="e1", visitor_id="ben"))
    assert [row.visitor_id for row in loaded()] == ["anna", "ben"]


def test_each_event_is_refused_by_itself_with_its_reason(api):
    good = event(at=NOW)
    answer = send(
        api,
        event("fly", at=NOW, id="a"),
        good,
        event("paid", at=NOW, id="b"),
        event(at=NOW, id="c", member_id=7),
        event(at=NOW, id="d", product_id="7"),
        {"id": "e", "name": "click"},
        event(at=NOW - 72 * HOUR - SECOND, id="f"),
        event(at=NOW + 10 * MINUTE + SECOND, id="g"),
        "what",
        event(at=NOW, id="h", page="a\u0000b"),
        event(at=NOW, id="i", props={"a": "\u0000"}),
    )
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert [(each["index"], each["id"], each["code"], each["field"]) for each in answer.json()["rejected"]] == [
        (0, "a", "unknown_name", ""),
        (2, "b", "server_only", ""),
        (3, "c", "unknown_field", "member_id"),
        (4, "d", "invalid_event", ""),
        (5, "e", "invalid_event", ""),
        (6, "f", "event_too_old", ""),
        (7, "g", "event_in_future", ""),
        (8, "", "invalid_event", ""),
        (9, "h", "invalid_event", ""),
        (10, "i", "invalid_event", ""),
    ]
    assert [str(row.event_id) for row in loaded()] == [good["id"]]
    kept = QuarantinedEvent.objects.order_by("id")
    assert [row.reason for row in kept] == [each["code"] for each in answer.json()["rejected"]]
    assert '"fly"' in kept[0].event


@pytest.mark.parametrize("field", ["id", "visitor_id", "session_id", "page", "campaign"])
def test_no_text_may_end_a_line(api, field):
    """Lines are what the loader copies: one more would be no event, and stop everybody's."""
    answer = send(api, event(at=NOW, **{field: "a\n"}), event(at=NOW)).json()
    assert (answer["accepted"], [each["code"] for each in answer["rejected"]]) == (1, ["invalid_event"])
    assert load() == {"moved": 1, "skipped": 0}


def nested(levels):
    return json.dumps(event(at=NOW, id=f"n{levels}"))[:-1] + ', "props": {"a": ' + "[" * levels + "]" * levels + "}}"


def test_what_is_nested_too_deep_is_refused_by_itself(api):
    told = ",".join(nested(levels) for levels in (9, 10, 11, 700))
    body = f'{{"sent_at": "{NOW.isoformat()}", "events": [{told}]}}'
    answer = api.post(URL, body.encode(), content_type="application/json").json()
    assert [each["code"] for each in answer["rejected"]] == ["invalid_event"] * 2
    assert load() == {"moved": 2, "skipped": 0}
    endless = f'{{"sent_at": "{NOW.isoformat()}", "events": [{nested(50_000)}]}}'
    assert api.post(URL, endless.encode(), content_type="application/json").status_code == 400


def test_the_window_includes_its_ends(api):
    assert send(api, event(at=NOW - 72 * HOUR), event(at=NOW + 10 * MINUTE)).json()["accepted"] == 2
    assert [row.at for row in loaded()] == [NOW - 72 * HOUR, NOW + 10 * MINUTE]


@pytest.mark.parametrize("wrong", [2 * HOUR, -2 * HOUR, timedelta(days=400)])
def test_a_wrong_clock_is_put_right(api, wrong):
    send(api, event(at=NOW - MINUTE + wrong), sent_at=NOW + wrong)
    assert [row.at for row in loaded()] == [NOW - MINUTE]


def test_what_a_call_takes_on_its_way_moves_nothing(api):
    send(api, event(at=NOW - MINUTE), sent_at=NOW - 4 * SECOND)
    assert [row.at for row in loaded()] == [NOW - MINUTE]


def test_a_retry_keeps_the_skew_of_the_sessions_first_call(api):
    wrong, sent = 2 * HOUR, event(at=NOW - MINUTE + 2 * HOUR)
    send(api, sent, sent_at=NOW + wrong)
    # The retry says when it is sent, which was long before it arrives.
    with clock.fixed(NOW + 9 * MINUTE):
        send(api, sent, sent_at=NOW + wrong)
    assert load() == {"moved": 1, "skipped": 1}
    assert SessionClock.objects.get().skew_ms == -2 * 3600 * 1000


def test_control_a_retry_with_a_skew_of_its_own_would_count_twice(api):
    wrong, sent = 2 * HOUR, event(at=NOW - MINUTE + 2 * HOUR)
    send(api, sent, sent_at=NOW + wrong)
    SessionClock.objects.all().delete()
    with clock.fixed(NOW + 9 * MINUTE):
        send(api, sent, sent_at=NOW + wrong)
    assert load() == {"moved": 2, "skipped": 0}


def test_every_session_has_its_own_clock(api):
    send(api, event(at=NOW + HOUR), sent_at=NOW + HOUR)
    send(api, event(at=NOW, session_id="s2"), sent_at=NOW)
    assert [(row.session_id, row.at) for row in loaded()] == [("s1", NOW), ("s2", NOW)]


def test_events_without_a_session_are_in_that_of_their_day(api):
    # 2026-05-04 00:30 and 2026-05-03 23:30 in Shanghai.
    midnight = datetime(2026, 5, 3, 16, 0, tzinfo=UTC)
    send(api, event(at=midnight + 30 * MINUTE, session_id=None), event(at=midnight - 30 * MINUTE, session_id=None))
    assert [row.session_id for row in loaded()] == ["2026-05-03", "2026-05-04"]


def test_the_place_in_the_call_orders_what_has_one_instant(api):
    send(api, event("exposure", at=NOW), event("click", at=NOW), event("cart", at=NOW, seq=500))
    assert [(row.name, row.sequence) for row in loaded()] == [("exposure", 0), ("click", 1), ("cart", 500)]


def test_the_member_comes_from_the_token(api, member):
    send(signed_in(member), event(at=NOW))
    send(api, event(at=NOW, visitor_id="ben"))
    assert [(row.visitor_id, row.member_id) for row in loaded()] == [("anna", member.pk), ("ben", None)]


def test_bots_are_marked_not_turned_away(api):
    send(api, event(at=NOW - SECOND), **{"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"})
    send(api, event("click", at=NOW), **{"User-Agent": "Mozilla/5.0 (Linux; Android 16) MicroMessenger/8.0"})
    assert [(row.name, row.is_bot, row.device) for row in loaded()] == [
        ("page_view", True, ""),
        ("click", False, "android"),
    ]


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_who_does_not_want_to_be_watched_leaves_nothing(api, header):
    answer = send(api, event(at=NOW), event("fly", at=NOW), **{header: "1"})
    assert [each["code"] for each in answer.json()["rejected"]] == ["tracking_refused"]
    assert not Batch.objects.exists()
    assert not QuarantinedEvent.objects.exists()
    assert not SessionClock.objects.exists()


def test_a_member_refuses_and_allows_again(member):
    member_client = signed_in(member)
    assert member_client.get("/api/v1/me/tracking").json() == {"refused": False}
    assert member_client.put("/api/v1/me/tracking", {"refused": True}).json() == {"refused": True}
    assert send(member_client, event(at=NOW)).json()["rejected"][0]["code"] == "tracking_refused"
    assert send(signed_in(MemberFactory()), event(at=NOW, visitor_id="ben")).json()["accepted"] == 1
    assert member_client.put("/api/v1/me/tracking", {"refused": False}).json() == {"refused": False}
    assert send(member_client, event(at=NOW)).json()["accepted"] == 1
    assert not TrackingRefusal.objects.exists()


def test_a_call_that_cannot_be_read_is_refused_whole(api):
    assert api.post(URL, b"{", content_type="application/json").status_code == 400
    many = {"sent_at": NOW.isoformat(), "events": [event(at=NOW)] * 101}
    assert api.post(URL, many, format="json").json()["code"] == "invalid_input"
    assert api.post(URL, {"events": []}, format="json").status_code == 400
    odd = api.post(URL, {"sent_at": NOW.isoformat(), "events": [], "extra": 1}, format="json")
    assert odd.json()["code"] == "invalid_input"
    assert send(api).json() == {"accepted": 0, "rejected": []}
    assert not Batch.objects.exists()


def test_a_call_costs_few_queries(api, django_assert_num_queries):
    events = [event(at=NOW - n * SECOND, session_id=f"s{n % 5}") for n in range(100)]
    send(api, event(at=NOW))
    # The transaction of the test has a savepoint around them: skews, the batch.
    with django_assert_num_queries(2 + 2):
        assert send(api, *events).json()["accepted"] == 100
