"""The overview under filters, the members behind its figures, and what is taken out as files."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from analytics.buyers.tests.making import NOW, bought
from analytics.events.tests.making import event, load, send, signed_in
from analytics.funnel.tests.history import count_everything
from analytics.reports.behind import KEYS, behind
from analytics.reports.presenting import GROUPS
from analytics.traffic.queries import Slice
from members.identity.tests.factories import MemberFactory
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db
# Monday, 2026-05-04, noon in Shanghai.
NOON = datetime(2026, 5, 4, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = Slice(NOON.date(), NOON.date())
PERIOD = "from=2026-05-04&to=2026-05-04"
OVERVIEW, MEMBERS = reverse("admin:reports_overview"), reverse("admin:reports_members")


@pytest.fixture
def visits(api):
    """Anna bounces; Bert comes twice, sees something and clicks it, once by a sale; somebody unknown bounces."""
    anna, bert = MemberFactory(nickname="Anna"), MemberFactory(nickname="Bert")
    told = [
        (signed_in(anna), [event(at=NOON, page="/a", visitor_id="va", session_id="a1")]),
        (
            signed_in(bert),
            [
                event(at=NOON, page="/a", visitor_id="vb", session_id="b1"),
                event("exposure", at=NOON + MINUTE, visitor_id="vb", session_id="b1", product_id=1, campaign="sale-1"),
                event("click", at=NOON + 2 * MINUTE, visitor_id="vb", session_id="b1", product_id=1, campaign="sale-1"),
                event(at=NOON + 3 * MINUTE, page="/b", visitor_id="vb", session_id="b2"),
                event("search", at=NOON + 4 * MINUTE, visitor_id="vb", session_id="b2"),
            ],
        ),
        (api, [event(at=NOON, page="/a", visitor_id="vc", session_id="c1")]),
    ]
    with clock.fixed(NOON + 5 * MINUTE):
        for client, events in told:
            assert send(client, *events, **{"X-Channel": "h5"}).json()["rejected"] == []
        load()
    count_everything()
    return anna, bert


def found(key, asked=DAY):
    answer = behind(key, asked)
    return [(row.member.nickname, row.times) for row in answer.rows], answer.members, answer.nameless


@pytest.mark.parametrize(
    ("key", "rows", "nameless"),
    [
        ("sessions", [("Bert", 2), ("Anna", 1)], 1),
        ("bounce_bp", [("Anna", 1)], 1),
        ("funnel_exposed", [("Bert", 2)], 0),
        ("funnel_clicked", [("Bert", 2)], 0),
        ("funnel_in_cart", [], 0),
        ("cart_abandonment_bp", [], 0),
    ],
)
def test_members_behind_sessions_and_steps(visits, key, rows, nameless):
    assert found(key) == (rows, len(rows), nameless)
    assert found(key, Slice(DAY.first, DAY.last, channel="app")) == ([], 0, 0)


def test_members_behind_orders(visits):
    SkuFactory(code="TEA-1")
    members = bought(("cleo", 0, "9.00"), ("cleo", 0, "8.00"), ("dora", 0, "7.00"), ("dora", 3, "7.00"))
    today = Slice(clock.business_day(NOW), clock.business_day(NOW))
    answer = behind("paid", today)
    assert [(row.member, row.times) for row in answer.rows] == [(members["cleo"], 2), (members["dora"], 1)]
    assert answer.members == 2


def test_every_figure_with_members_behind_it_is_one_of_the_page():
    assert set(KEYS) <= {measure.key for group in GROUPS for measure in group.measures}


def test_the_page_lists_them_for_who_may_see_members(visits, client, admin_client):
    page = admin_client.get(f"{MEMBERS}?{PERIOD}&name=bounce_bp").content.decode()
    assert "Anna" in page
    assert "Bert" not in page
    assert admin_client.get(f"{MEMBERS}?{PERIOD}&name=secrets").status_code == 404
    analyst = StaffUser.objects.create_user("analyst", is_staff=True)
    analyst.user_permissions.add(Permission.objects.get(codename="view_report"))
    client.force_login(analyst)
    assert client.get(f"{MEMBERS}?{PERIOD}&name=bounce_bp").status_code == 403
    overview = client.get(f"{OVERVIEW}?{PERIOD}")
    assert overview.status_code == 200
    assert MEMBERS not in overview.content.decode()


def test_an_activity_shows_what_it_did_and_another_one_nothing(visits, admin_client):
    panels = admin_client.get(f"{OVERVIEW}?{PERIOD}&activity=sale-1").context["panels"]
    assert [figure.value for figure in panels[0].figures] == ["1", "1", "0", "–"]
    assert [figure.value for figure in panels[1].figures] == ["1", "1", "0", "0", "0", "0.0%"]
    assert admin_client.get(f"{OVERVIEW}?{PERIOD}&activity=other").context["panels"] == []


def test_files_of_pages_heed_the_filter_and_hold_no_formulas(visits, admin_client):
    def lines(address, *more):
        answer = admin_client.get(f"{address}?{'&'.join((PERIOD, 'format=csv', *more))}")
        assert answer["Content-Disposition"].startswith("attachment")
        return answer.content.decode("utf-8-sig").splitlines()

    traffic = reverse("admin:traffic_sessionday_changelist")
    assert any(line.startswith("/a,3,3,66.7%") for line in lines(traffic))
    assert not any(line.startswith("/a,") for line in lines(traffic, "channel=app"))
    ProductFactory(pk=1, name="=1+1")
    assert any(line.startswith("'=1+1,") for line in lines(reverse("admin:traffic_heathour_changelist")))
    assert any("4" in line.split(",")[1:2] for line in lines(OVERVIEW))
