import pytest

from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.events import Channel
from members.notifications.models import Notification, NotificationPreference, NotificationTemplate
from members.notifications.tests.factories import PARCEL, TEMPLATE, parcel, words

pytestmark = pytest.mark.django_db

INBOX = "/api/v1/me/notifications"
READ = f"{INBOX}/read"
CHOICES = "/api/v1/me/notification-preferences"
CREDITS = "/api/v1/me/subscribe-credits"


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_the_inbox_lists_the_newest_first_in_pages_and_counts_what_is_unread(member, member_client):
    words(PARCEL, Channel.IN_APP, "{number}", title="包裹 {number}")
    for n in range(3):
        parcel(member, key=str(n), number=f"M{n}")
    parcel(MemberFactory(), key="other")
    first = member_client.get(INBOX, {"limit": 2}).json()
    assert [item["title"] for item in first["items"]] == ["包裹 M2", "包裹 M1"]
    assert first["unread_count"] == 3
    assert first["items"][0].keys() == {
        "id",
        "event",
        "category",
        "title",
        "body",
        "link",
        "read_at",
        "created_at",
    }
    rest = member_client.get(INBOX, {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["title"] for item in rest["items"]] == ["包裹 M0"]
    assert rest["next_cursor"] is None


def test_the_inbox_costs_two_queries(member, member_client, django_assert_num_queries):
    for n in range(5):
        parcel(member, key=str(n))
    with django_assert_num_queries(2):
        member_client.get(INBOX)


def test_reading_some_then_all(member, member_client):
    keys = [parcel(member, key=str(n)) for n in range(3)]
    assert member_client.post(READ, {"ids": [keys[0]]}).json() == {"read": 1, "unread_count": 2}
    assert member_client.post(READ, {"ids": [keys[0]]}).json() == {"read": 0, "unread_count": 2}
    assert member_client.post(READ, {"all": True}).json() == {"read": 2, "unread_count": 0}
    assert Notification.objects.filter(read_at=None).count() == 0


def test_another_members_notifications_stay_unread(member_client):
    theirs = parcel(MemberFactory())
    assert member_client.post(READ, {"ids": [theirs]}).json() == {"read": 0, "unread_count": 0}
    assert member_client.post(READ, {"all": True}).json()["read"] == 0
    assert Notification.objects.get().read_at is None


@pytest.mark.parametrize(
    "body", [{}, {"all": False}, {"ids": []}, {"ids": ["1"]}, {"ids": [1], "all": True}, {"ids": [0]}]
)
def test_a_body_that_says_nothing_clear_is_refused(member_client, body):
    assert refusal(member_client.post(READ, body)) == (400, "invalid_input")


def test_preferences_start_with_the_defaults_and_are_changed_one_by_one(member, member_client):
    start = member_client.get(CHOICES).json()
    assert start["language"] == "zh-hans"
    assert {(p["category"], p["channel"]): (p["allowed"], p["required"]) for p in start["preferences"]} == {
        ("transactional", "in_app"): (True, True),
        ("transactional", "subscribe"): (True, False),
        ("transactional", "sms"): (True, False),
        ("points", "in_app"): (True, False),
        ("points", "subscribe"): (True, False),
        ("points", "sms"): (False, False),
        ("marketing", "in_app"): (True, False),
        ("marketing", "subscribe"): (True, False),
        ("marketing", "sms"): (False, False),
    }
    wish = {"category": "marketing", "channel": "sms", "allowed": True}
    changed = member_client.put(CHOICES, {"language": "en", "preferences": [wish]}).json()
    assert changed["language"] == "en"
    assert {**wish, "required": False} in changed["preferences"]
    again = member_client.put(CHOICES, {"preferences": [{**wish, "allowed": False}]}).json()
    assert (again["language"], {**wish, "allowed": False, "required": False} in again["preferences"]) == ("en", True)


def test_news_of_orders_cannot_be_kept_out_of_the_inbox(member_client):
    off = {"category": "transactional", "channel": "in_app", "allowed": False}
    other = {"category": "marketing", "channel": "in_app", "allowed": False}
    answer = member_client.put(CHOICES, {"language": "en", "preferences": [other, off]})
    assert refusal(answer) == (409, "notification_required")
    assert not NotificationPreference.objects.exists()
    assert member_client.get(CHOICES).json()["language"] == "zh-hans"


@pytest.mark.parametrize(
    "body",
    [
        {"language": "fr"},
        {"preferences": [{"category": "x", "channel": "sms", "allowed": True}]},
        {"preferences": [{"category": "marketing", "channel": "email", "allowed": True}]},
        {"preferences": [{"category": "marketing", "channel": "sms", "allowed": 1}]},
        {"preferences": {}},
    ],
)
def test_unknown_choices_are_refused(member_client, body):
    assert refusal(member_client.put(CHOICES, body)) == (400, "invalid_input")


def test_each_acceptance_is_good_for_one_message(member, member_client):
    NotificationTemplate.objects.filter(channel="subscribe").update(provider_template="")
    words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}", provider_template=TEMPLATE)
    listed = {"items": [{"template": TEMPLATE, "event": "test_parcel", "remaining": 0}]}
    assert member_client.get(CREDITS).json() == listed
    for remaining in (1, 2):
        answer = member_client.post(CREDITS, {"template": TEMPLATE, "accepted": True})
        assert answer.json() == {"template": TEMPLATE, "remaining": remaining}
    refused = member_client.post(CREDITS, {"template": TEMPLATE, "accepted": False})
    assert refused.json()["remaining"] == 2
    assert member_client.get(CREDITS).json()["items"][0]["remaining"] == 2
    assert client_for(MemberFactory()).get(CREDITS).json() == listed


def test_reports_without_end_stop_counting(member, member_client):
    words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}", provider_template=TEMPLATE)
    for _ in range(101):
        answer = member_client.post(CREDITS, {"template": TEMPLATE, "accepted": True})
    assert answer.json()["remaining"] == 100


@pytest.mark.parametrize("template", ["unknown", TEMPLATE])
def test_a_template_that_is_not_in_use_cannot_be_accepted(member_client, template):
    row = words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}", provider_template=TEMPLATE)
    NotificationTemplate.objects.filter(pk=row.pk).update(enabled=False)
    answer = member_client.post(CREDITS, {"template": template, "accepted": True})
    assert refusal(answer) == (404, "subscribe_template_not_found")
