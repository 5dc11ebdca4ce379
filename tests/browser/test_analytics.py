"""Analytics in the console: every page on a desk and on a phone, and the numbers that the API tells too."""

import time
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from shop.core.clock import SHANGHAI

pytestmark = pytest.mark.browser
API = "/api/v1"
PAGES = {
    "analytics-overview": "/admin/reports/report/overview/",
    "analytics-reports": "/admin/reports/report/",
    "analytics-traffic": "/admin/traffic/sessionday/",
    "analytics-funnel": "/admin/funnel/funnelfact/",
    "analytics-heat": "/admin/traffic/heathour/",
    "analytics-buyers": "/admin/buyers/buyerprofile/overview/",
    "analytics-cohorts": "/admin/buyers/buyerprofile/cohorts/",
    "analytics-points": "/admin/buyers/buyerprofile/points-flow/",
    "analytics-rankings": "/admin/buyers/buyerprofile/rankings/",
    "analytics-members": "/admin/reports/report/members/?name=paid",
    "analytics-returns": "/admin/buyers/campaignreturn/",
    "analytics-anomalies": "/admin/anomalies/anomaly/",
}
FRESH_SECONDS = 60
# Programs by their own name are bots, and do not count.
FRONT = {"X-Channel": "app", "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"}
# What the page calls a figure, what the API does, and how it is written.
SUMMARY = {
    "下单数": ("placed", "count"),
    "支付订单数": ("paid", "count"),
    "支付金额": ("paid_fen", "fen"),
    "客单价": ("average_fen", "fen"),
    "退款金额": ("refunded_fen", "fen"),
    "访客数": ("visitors", "count"),
    "会话数": ("sessions", "count"),
    "跳出率": ("bounce_bp", "bp"),
    "曝光": ("funnel_exposed", "count"),
    "已付款": ("funnel_paid", "count"),
    "获得": ("points_earned", "count"),
}
TRAFFIC = {
    "访客数": ("visitors", "count"),
    "会话数": ("sessions", "count"),
    "页面浏览": ("views", "count"),
    "跳出率": ("bounce_bp", "bp"),
    "未深入": ("idle_bp", "bp"),
    "订单": ("orders", "count"),
}
STAGES = {
    "prospect": "未购买",
    "new": "新客",
    "active": "活跃",
    "high_value": "高价值",
    "dormant": "沉睡",
    "lost": "流失",
}
STEPS = {
    "曝光": ("exposed", "count"),
    "点击": ("clicked", "count"),
    "加入购物车": ("in_cart", "count"),
    "下单": ("ordered", "count"),
    "已付款": ("paid", "count"),
}


@pytest.fixture(scope="module")
def api(shop):
    """The owner's own tool."""
    with httpx.Client(base_url=shop.url + API, timeout=60) as client:
        signed_in = {"username": "owner", "password": shop.password}
        client.headers["Authorization"] = f"Bearer {client.post('/staff/auth/login', json=signed_in).json()['access']}"
        yield client


def week():
    """The seven days up to yesterday, which nobody adds to any more."""
    yesterday = datetime.now(SHANGHAI).date() - timedelta(days=1)
    return {"from": f"{yesterday - timedelta(days=6)}", "to": f"{yesterday}"}


def written(value, unit):
    if value is None:
        return "–"
    if unit == "fen":
        return f"¥{value / 100:,.2f}"
    return f"{value / 100:.1f}%" if unit == "bp" else f"{value:,}"


def cards(desk):
    """Label and value of every figure on the page; of equal labels the first."""
    found = {}
    for card in desk.page.locator("#content-main section .grid > *").all_inner_texts():
        lines = [line.strip() for line in card.splitlines() if line.strip()]
        found.setdefault(lines[0], lines[1])
    return found


@pytest.mark.parametrize("width", [1366, 390])
def test_every_page_fits_and_complains_of_nothing(desk_of, width):
    desk = desk_of("owner", width=width)
    for name, path in PAGES.items():
        assert desk.open(path) == 200, path
        assert desk.overflow() <= 0, path
        if width == 1366 and name in (
            "analytics-overview",
            "analytics-traffic",
            "analytics-funnel",
            "analytics-heat",
            "analytics-buyers",
            "analytics-cohorts",
            "analytics-points",
            "analytics-reports",
        ):
            desk.picture(name)


@pytest.mark.parametrize(
    ("page", "door", "figures"),
    [
        ("/admin/reports/report/overview/", "summary", SUMMARY),
        ("/admin/traffic/sessionday/", "overview", TRAFFIC),
        ("/admin/funnel/funnelfact/", "funnel", STEPS),
    ],
)
@pytest.mark.parametrize("channel", ["", "h5"])
def test_numbers_on_the_screen_are_those_of_the_api(desk, api, page, door, figures, channel):
    asked = week() | ({"channel": channel} if channel else {})
    told = api.get(f"/staff/analytics/{door}", params=asked).json()
    told = told.get("figures", told)
    desk.open(f"{page}?{httpx.QueryParams(asked)}")
    shown = cards(desk)
    expected = {label: written(told[key], unit) for label, (key, unit) in figures.items() if told[key] is not None}
    assert {label: shown.get(label) for label in expected} == expected
    assert any(value not in ("0", "–", "¥0.00") for value in expected.values())


def rows(desk, table=0):
    """The cells of a table on the page, row by row."""
    found = desk.page.locator("#content-main table").nth(table).locator("tbody tr")
    return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in found.all()]


def test_the_flow_of_points_on_the_screen_is_that_of_the_api(desk, api):
    told = api.get("/staff/analytics/points-flow", params=week()).json()
    desk.open(f"{PAGES['analytics-points']}?first={week()['from']}&last={week()['to']}")
    shown = cards(desk)
    taken = {"已使用": "used", "已过期": "expired", "收回": "clawed_back", "注销作废": "voided"}
    expected = {"期初": told["opening"], "获得": told["earned"], "手动": told["by_hand"], "期末": told["closing"]}
    expected |= {label: -told[key] for label, key in taken.items()}
    assert {label: int(shown[label].replace(",", "")) for label in expected} == expected
    assert told["earned"] > 0
    assert sum(expected.values()) - expected["期末"] == expected["期末"]


def test_buyers_on_the_screen_are_those_of_the_api(desk, api):
    told = api.get("/staff/analytics/segments", params=week()).json()
    desk.open(f"{PAGES['analytics-buyers']}?first={week()['from']}&last={week()['to']}")
    shown = cards(desk)
    stages = {STAGES[row["stage"]]: f"{row['members']:,}" for row in told["stages"]}
    assert {label: shown.get(label) for label in stages} == stages
    assert any(row["members"] for row in told["stages"])
    scores = {(row["recency"], row["frequency"]): row for row in told["scores"]}
    assert scores
    for row, recency in zip(rows(desk), range(5, 0, -1), strict=True):
        cells = [scores.get((recency, frequency)) for frequency in range(5, 0, -1)]
        expected = [f"{cell['members']:,} · {written(cell['mean_fen'], 'fen')}" if cell else "–" for cell in cells]
        assert row == [f"R{recency}", *expected]


def test_cohorts_on_the_screen_are_those_of_the_api(desk, api):
    told = api.get("/staff/analytics/cohorts").json()["items"]
    desk.open(PAGES["analytics-cohorts"])
    shown = [[cell for cell in row if cell] for row in rows(desk)]
    assert shown == [
        [
            f"{cohort['month'][:7].replace('-', '.')}",
            f"{cohort['size']:,}",
            written(cohort["net_fen"], "fen"),
            *(f"{buyers / cohort['size']:.1%}" for buyers in cohort["returned"][:12]),
        ]
        for cohort in told
    ]
    assert told


def test_rankings_on_the_screen_are_those_of_the_api(desk, api):
    desk.open(f"{PAGES['analytics-rankings']}?first={week()['from']}&last={week()['to']}")
    for table, of in enumerate(("products", "buyers", "distributors")):
        told = api.get("/staff/analytics/leaderboard", params=week() | {"of": of}).json()["items"]
        expected = [
            [str(row["place"]), row["name"], f"{row['units']:,}", written(row["value_fen"], "fen")]
            if of != "distributors"
            else [str(row["place"]), row["name"], written(row["value_fen"], "fen")]
            for row in told
        ]
        assert rows(desk, table) == expected
        assert told or of == "distributors"


def test_the_heat_map_on_the_screen_is_that_of_the_api(desk, api):
    told = api.get("/staff/analytics/heatmap", params=week()).json()["items"]
    desk.open(f"{PAGES['analytics-heat']}?{httpx.QueryParams(week())}")
    shown = [[int(cell or 0) for cell in row[1:]] for row in rows(desk)]
    assert shown == [row["hours"] for row in told]
    assert any(map(any, shown))


def test_charts_are_drawn_and_a_figure_leads_to_its_members(desk):
    desk.open(f"{PAGES['analytics-overview']}?{httpx.QueryParams(week())}")
    canvas = desk.page.locator("#content-main canvas")
    assert canvas.count() == 5
    drawn = (
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)"
    )
    expect(canvas.first).to_be_visible()
    assert canvas.first.evaluate(drawn)
    desk.page.locator("#content-main a[href*='name=paid']").first.click()
    expect(desk.page.locator("#content-main table a[href*='/admin/identity/member/']").first).to_be_visible()


def test_a_report_is_read_and_downloaded(desk):
    desk.open("/admin/reports/report/")
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    expect(desk.page.locator("#content-main")).to_contain_text("支付订单数")
    for ending in ("PDF", "XLSX"):
        with desk.page.expect_download() as waiting:
            desk.page.get_by_role("link", name=ending, exact=True).click()
        assert waiting.value.suggested_filename.endswith(f".{ending.lower()}")


def test_an_event_is_on_the_dashboard_within_a_minute(shop, api):
    day = f"{datetime.now(SHANGHAI).date()}"
    asked = {"from": day, "to": day, "channel": "app"}
    before = api.get("/staff/analytics/overview", params=asked).json()["sessions"]
    at = datetime.now(SHANGHAI).isoformat()
    event = {
        "id": str(uuid4()),
        "name": "page_view",
        "at": at,
        "visitor_id": "fresh",
        "session_id": uuid4().hex,
        "page": "/",
    }
    sent = httpx.post(f"{shop.url}{API}/events", json={"sent_at": at, "events": [event]}, headers=FRONT, timeout=60)
    assert sent.json() == {"accepted": 1, "rejected": []}
    until = time.monotonic() + FRESH_SECONDS
    while api.get("/staff/analytics/overview", params=asked).json()["sessions"] == before:
        assert time.monotonic() < until, "the event is not on the dashboard"
        time.sleep(1)
