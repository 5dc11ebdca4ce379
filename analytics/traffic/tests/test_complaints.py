"""What users of other tools complain about, one test each, with figures worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from analytics.events.tests.making import event, load, send
from analytics.funnel.models import Unit
from analytics.funnel.queries import FunnelQuestion, Steps, funnel_by, funnel_of
from analytics.funnel.tests.history import count_everything
from analytics.traffic.models import CampaignDay
from analytics.traffic.presenting import overview, traffic
from analytics.traffic.queries import Slice, exposure_of_campaign, load_steps_of, sessions_of, visitors_of
from shop.core import clock
from shop.core.models import StaffUser
from shop.staff.tests import making

pytestmark = pytest.mark.django_db
# Monday, 2026-05-04, noon in Shanghai.
NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
MONDAY = date(2026, 5, 4)
# The session of the token.
SIGNED_IN = 1
SECOND, MINUTE, HOUR, DAY = (timedelta(**{each: 1}) for each in ("seconds", "minutes", "hours", "days"))


@pytest.fixture
def staff_client(db):
    StaffUser.objects.create_superuser("analyst", password=making.PASSWORD)
    return making.staff_client(StaffUser.objects.get(username="analyst"))


def told(api, *events, channel="h5"):
    """As they happen, then counted."""
    at = max(datetime.fromisoformat(each["at"]) for each in events)
    with clock.fixed(at + MINUTE):
        assert send(api, *events, **{"X-Channel": channel}).json()["rejected"] == []
        load()
    count_everything()


def week(first=MONDAY, days=7):
    return Slice(first, first + (days - 1) * DAY)


def test_a_session_over_the_full_hour_is_no_bounce(api):
    told(api, event(at=NOON - SECOND, page="/a"), event(at=NOON + SECOND, page="/b"))
    whole = sessions_of(week())
    assert (whole.sessions, whole.bounces, whole.views) == (1, 0, 2)


def test_midnight_cuts_no_session_and_its_day_is_shanghais(api):
    midnight = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
    told(api, event(at=midnight - SECOND, page="/a"), event(at=midnight + SECOND, page="/b"))
    told(api, event(at=midnight, visitor_id="ben", page="/a"))
    assert sessions_of(week(days=1)).views == 2
    assert sessions_of(week(MONDAY + DAY, days=1)).views == 1
    assert sessions_of(week()).sessions == 2


def test_one_view_with_something_done_is_no_bounce_and_leaving_is_nothing_done(api):
    told(api, event(at=NOON, page="/a"), event("click", at=NOON + SECOND, page="/a"))
    told(
        api,
        event(at=NOON, page="/a", visitor_id="ben"),
        event("exposure", at=NOON + SECOND, visitor_id="ben"),
        event("heartbeat", at=NOON + 9 * SECOND, visitor_id="ben", page="/a", dwell_ms=9_999),
        event("leave", at=NOON + 10 * SECOND, visitor_id="ben", page="/a", dwell_ms=9_500),
    )
    [page] = traffic(week())["pages"]
    assert (page["entries"], page["bounces"], page["bounce_bp"]) == (2, 1, 5_000)
    # Anna has told no time at all, Ben less than ten seconds.
    assert (page["idle"], page["mean_dwell_ms"], page["timed_views"]) == (2, 9_999, 1)


def test_the_sum_of_days_is_not_the_week_for_visitors_but_is_for_sessions(api):
    told(api, event(at=NOON, page="/a"))
    told(api, event(at=NOON + DAY, page="/a", session_id="s2"))
    assert [visitors_of(week(MONDAY + n * DAY, days=1)) for n in (0, 1)] == [1, 1]
    assert (visitors_of(week()), sessions_of(week()).sessions) == (1, 2)
    # And no year is less than one of its months.
    assert visitors_of(Slice(date(2026, 1, 1), date(2026, 12, 31))) == 1


def test_whole_seconds_convert(api):
    told(api, *[event(name, at=NOON) for name in ("exposure", "click", "cart")])
    assert funnel_of(FunnelQuestion(MONDAY, MONDAY)) == Steps(1, 1, 1, 0, 0)
    # In calls of their own, where the place tells nothing.
    for name in ("cart", "click", "exposure"):
        told(api, event(name, at=NOON, visitor_id="ben"))
    assert funnel_of(FunnelQuestion(MONDAY, MONDAY)) == Steps(2, 2, 2, 0, 0)


def test_control_a_step_before_the_one_that_leads_to_it_does_not_count(api):
    told(api, *[event(name, at=NOON, seq=9 - n) for n, name in enumerate(("exposure", "click", "cart"))])
    assert funnel_of(FunnelQuestion(MONDAY, MONDAY)) == Steps(1, 0, 0, 0, 0)


def test_any_exposure_may_start_the_chain_and_seven_days_are_enough(api):
    start = NOON + SECOND
    told(api, event("exposure", at=NOON), event("exposure", at=start), channel="app")
    told(api, event("click", at=start + 7 * DAY))
    assert funnel_of(FunnelQuestion(MONDAY, MONDAY)) == Steps(1, 1, 0, 0, 0)
    assert funnel_by(FunnelQuestion(MONDAY, MONDAY + 9 * DAY), "channel") == {"app": Steps(1, 1, 0, 0, 0)}


def test_a_millisecond_more_than_seven_days_is_too_late(api):
    told(api, event("exposure", at=NOON))
    told(api, event("click", at=NOON + 7 * DAY + timedelta(milliseconds=1)))
    assert funnel_of(FunnelQuestion(MONDAY, MONDAY)) == Steps(1, 0, 0, 0, 0)


def test_the_total_is_the_same_whatever_it_is_broken_down_by(api):
    for n, channel in enumerate(("h5", "app", "app")):
        told(api, event("exposure", at=NOON + n * DAY, session_id=f"s{n}"), channel=channel)
    told(api, event("click", at=NOON + 2 * DAY + SECOND, session_id="s2"), channel="app")
    asked = FunnelQuestion(MONDAY, MONDAY + 6 * DAY)
    assert funnel_of(asked) == Steps(1, 1, 0, 0, 0)
    assert funnel_by(asked, "day") == {MONDAY + 2 * DAY: Steps(1, 1, 0, 0, 0)}
    assert funnel_by(asked, "channel") == {"app": Steps(1, 1, 0, 0, 0)}


def test_what_is_bought_belongs_to_the_activity_that_was_clicked_last(api):
    seen = [event("exposure", at=NOON, campaign=each) for each in ("quiz-1", "flash-2")]
    clicked = [event("click", at=NOON + n * SECOND, campaign=each) for n, each in ((1, "quiz-1"), (2, "flash-2"))]
    told(api, *seen, *clicked, event("cart", at=NOON + 3 * SECOND))
    by_activity = FunnelQuestion(MONDAY, MONDAY, Unit.CAMPAIGN)
    assert funnel_by(by_activity, "subject") == {"quiz-1": Steps(1, 1, 0, 0, 0), "flash-2": Steps(1, 1, 1, 0, 0)}
    assert exposure_of_campaign(kind="quiz", pk=1) == 1
    assert exposure_of_campaign(kind="quiz", pk=2) is None
    assert CampaignDay.objects.count() == 2


def test_the_impatient_are_counted_though_nobody_knows_their_load_time(api):
    told(api, event(at=NOON, page="/a"))
    told(
        api,
        event(at=NOON, page="/a", visitor_id="ben"),
        event("load", at=NOON + SECOND, page="/a", visitor_id="ben", load_ms=2_999),
        event("click", at=NOON + 2 * SECOND, visitor_id="ben"),
    )
    steps = {(step.least, step.most): (step.entries, step.bounces) for step in load_steps_of(week())}
    assert steps[2_000, 3_000] == (1, 0)
    assert steps[None, None] == (1, 1)
    assert sum(entries for entries, _bounces in steps.values()) == 2
    assert traffic(week())["pages"][0]["load_missing_bp"] == 5_000


def test_bots_change_no_figure(api):
    told(api, event(at=NOON, page="/a"))
    before = overview(week()), traffic(week())
    with clock.fixed(NOON):
        send(api, event(at=NOON, visitor_id="bot"), **{"User-Agent": "Googlebot/2.1"})
        load()
    count_everything()
    assert (overview(week()), traffic(week())) == before


def test_a_late_event_corrects_the_day_that_it_belongs_to(api):
    told(api, event(at=NOON, page="/a"))
    assert sessions_of(week(days=1)).bounces == 1
    late = event("click", at=NOON + SECOND)
    with clock.fixed(NOON + 72 * HOUR):
        send(api, late)
        send(api, late)
        load()
    count_everything()
    whole = sessions_of(week(days=1))
    assert (whole.sessions, whole.bounces) == (1, 0)


def test_a_session_that_never_ends_is_cut_after_a_day(api):
    for n in range(4):
        told(api, event(at=NOON + n * 20 * HOUR, page="/a"))
    assert (sessions_of(week()).sessions, sessions_of(week()).views) == (1, 2)


def test_the_screen_shows_what_the_api_says_and_both_heed_the_filter(api, admin_client, staff_client):
    told(api, event(at=NOON, page="/goods", visitor_id="ben"), channel="app")
    told(api, event(at=NOON, page="/goods"), event("click", at=NOON + SECOND, page="/goods"))
    asked = "?from=2026-05-04&to=2026-05-04"
    for narrowed, sessions, rate in (("", 2, "50.0%"), ("&channel=app", 1, "100.0%"), ("&channel=h5", 1, "0.0%")):
        shown = admin_client.get(reverse("admin:traffic_sessionday_changelist") + asked + narrowed).content.decode()
        told_by_api = staff_client.get("/api/v1/staff/analytics/overview" + asked + narrowed).json()
        assert (told_by_api["sessions"], told_by_api["visitors"]) == (sessions, sessions)
        assert f"{told_by_api['bounce_bp'] / 100:.1f}%" == rate
        assert rate in shown
        assert "/goods" in shown
    assert staff_client.get("/api/v1/staff/analytics/traffic" + asked).json()["pages"][0]["views"] == 2
    assert staff_client.get("/api/v1/staff/analytics/overview?from=2026-05-04&to=2026-05-01").status_code == 400
    assert staff_client.get("/api/v1/staff/analytics/overview?from=2026-05-01&to=2027-12-01").status_code == 400


FAR_DAYS = [
    {"to": "0001-01-01"},
    {"from": "0001-01-01"},
    {"to": "9999-12-31"},
    {"from": "9999-12-31"},
    {"from": "9999-12-30", "to": "9999-12-31"},
    {"from": "0001-01-01", "to": "0001-01-02"},
]


@pytest.mark.parametrize("days", [*FAR_DAYS, {"from": "2024-01-01"}])
def test_days_that_nobody_can_count_are_refused_and_screens_show_the_last_week(staff_client, admin_client, days):
    """One day alone asks for a period as well."""
    for door in ("overview", "traffic", "funnel", "heatmap", "summary"):
        assert staff_client.get(f"/api/v1/staff/analytics/{door}", days).status_code == 400, door
    for name in ("traffic/sessionday", "traffic/heathour", "funnel/funnelfact", "reports/report/overview"):
        address = f"/admin/{name}/"
        assert admin_client.get(address, days).status_code == 200, name


@pytest.mark.parametrize("days", FAR_DAYS)
def test_buyers_of_days_that_nobody_can_count_are_refused_too(staff_client, admin_client, days):
    for door in ("segments", "points-flow", "leaderboard", "campaigns"):
        assert staff_client.get(f"/api/v1/staff/analytics/{door}", days).status_code == 400, door
    asked = {"first": days.get("from", "2026-05-01"), "last": days.get("to", "2026-05-02")}
    for page in ("overview", "points_flow", "rankings"):
        assert admin_client.get(reverse(f"admin:buyers_buyerprofile_{page}"), asked).status_code == 200, page


def test_screens_without_anything_say_so(admin_client):
    for name in ("traffic_sessionday", "traffic_heathour", "funnel_funnelfact"):
        page = admin_client.get(reverse(f"admin:{name}_changelist") + "?from=never")
        assert (page.status_code, "这些日期没有统计数据" in page.content.decode()) == (200, True)


def test_funnel_and_heat_map_are_shown(api, admin_client, staff_client):
    told(
        api,
        event("exposure", at=NOON, product_id=2**40),
        event("click", at=NOON + SECOND, product_id=2**40),
        event("click", at=NOON + HOUR, product_id=2**40),
    )
    asked = "?from=2026-05-04&to=2026-05-04"
    funnel = staff_client.get("/api/v1/staff/analytics/funnel" + asked + "&unit=product&by=subject").json()
    assert funnel["parts"] == [{"part": str(2**40), "exposed": 1, "clicked": 1, "in_cart": 0, "ordered": 0, "paid": 0}]
    heat = staff_client.get("/api/v1/staff/analytics/heatmap" + asked).json()
    assert [(row["product_id"], row["hours"][12], row["hours"][13], sum(row["hours"])) for row in heat["items"]] == [
        (2**40, 1, 1, 2)
    ]
    screens = (("funnel_funnelfact", "visitor"), ("funnel_funnelfact", "product"), ("traffic_heathour", "click"))
    for name, unit in screens:
        page = admin_client.get(reverse(f"admin:{name}_changelist") + asked + f"&name={unit}").content.decode()
        assert ("100.0%" in page) or (f"#{2**40}" in page)


def test_a_dashboard_costs_few_queries_however_much_there_is(api, staff_client, django_assert_num_queries):
    for n in range(5):
        told(api, event(at=NOON, page=f"/{n}", visitor_id=f"v{n}"))
    asked = "?from=2026-05-04&to=2026-05-10"
    staff_client.get("/api/v1/staff/analytics/overview" + asked)
    with django_assert_num_queries(SIGNED_IN + 3):
        staff_client.get("/api/v1/staff/analytics/overview" + asked)
    with django_assert_num_queries(SIGNED_IN + 5):
        staff_client.get("/api/v1/staff/analytics/traffic" + asked)
