"""Reports of days, weeks and months: made once, equal to the dashboards, compared with the period before, mailed."""

import io
import smtplib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from openpyxl import load_workbook

from analytics.buyers.jobs import COUNT_JOB
from analytics.buyers.services import count_points, count_products
from analytics.buyers.tests.making import DAY, NOW, TODAY, YESTERDAY, bought
from analytics.events.tests.making import event, load, send
from analytics.funnel.tests.history import count_everything
from analytics.reports.figures import content_of
from analytics.reports.files import pdf_of, xlsx_of
from analytics.reports.mailing import MAX_ATTEMPTS, mail_due, pause_after, send_again
from analytics.reports.models import Kind, Mailing, Report
from analytics.reports.periods import before, whole_periods
from analytics.reports.presenting import Measure, Unit, change
from analytics.reports.services import make_due_reports, make_report, subscribe
from analytics.traffic.queries import Slice
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock
from shop.core.models import Alert, JobRun, StaffUser
from shop.staff.tests import making

pytestmark = pytest.mark.django_db
# Half past eight on Friday, 2026-11-20, in Shanghai.
MORNING = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def mei(db):
    return StaffUser.objects.create_superuser("mei", email="mei@example.com", password=making.PASSWORD)


@pytest.fixture
def sold(api):
    """Yesterday orders of ¥30 and ¥20.50 and three sessions, one of them bounced; the day before an order of ¥10."""
    SkuFactory(code="TEA-1", product=ProductFactory(name="=Green tea"))
    bought(("anna", 1, "30.00"), ("bert", 1, "20.50"), ("anna", 2, "10.00"))
    noon = NOW - DAY
    with clock.fixed(noon + HOUR):
        told = [event(at=noon, page="/a", visitor_id=who, session_id=who) for who in ("v1", "v2", "v3")]
        told += [
            event("click", at=noon + timedelta(seconds=5), page="/a", visitor_id=who, session_id=who)
            for who in ("v1", "v2")
        ]
        assert send(api, *told, **{"X-Channel": "h5"}).json()["rejected"] == []
        load()
    count_everything()
    count_products(day=YESTERDAY)
    count_points(day=YESTERDAY)


def counted(at):
    JobRun.objects.update_or_create(job=COUNT_JOB, defaults={"started_at": at, "succeeded_at": at})


def yesterdays(now=MORNING, is_sent=True):
    return make_report(kind=Kind.DAILY, first=YESTERDAY, last=YESTERDAY, is_sent=is_sent, now=now)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.DAILY, (date(2026, 11, 19), date(2026, 11, 19))),
        (Kind.WEEKLY, (date(2026, 11, 9), date(2026, 11, 15))),
        (Kind.MONTHLY, (date(2026, 10, 1), date(2026, 10, 31))),
    ],
)
def test_the_latest_whole_period_comes_first(kind, expected):
    assert whole_periods(kind, after=None, until=TODAY, most=9) == [expected]
    assert whole_periods(kind, after=expected[0], until=TODAY, most=9) == []


def test_missed_periods_are_made_up_for_in_order_and_only_so_many():
    assert whole_periods(Kind.MONTHLY, after=date(2025, 12, 1), until=date(2026, 3, 1), most=9) == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
    ]
    weeks = whole_periods(Kind.WEEKLY, after=date(2026, 9, 7), until=date(2026, 11, 16), most=2)
    assert weeks == [(date(2026, 11, 2), date(2026, 11, 8)), (date(2026, 11, 9), date(2026, 11, 15))]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 3, 2), date(2026, 3, 8), (date(2026, 2, 23), date(2026, 3, 1))),
        (date(2026, 3, 1), date(2026, 3, 1), (date(2026, 2, 28), date(2026, 2, 28))),
        (date(2026, 1, 1), date(2026, 2, 28), (date(2025, 11, 3), date(2025, 12, 31))),
    ],
)
def test_a_period_is_compared_with_the_one_before(first, last, expected):
    assert before(first, last) == expected


@pytest.mark.parametrize(
    ("unit", "value", "earlier", "expected"),
    [
        (Unit.COUNT, 9, 8, "+12.5%"),
        (Unit.FEN, 50, 100, "-50.0%"),
        (Unit.COUNT, 3, 0, "–"),
        (Unit.COUNT, None, 3, "–"),
        (Unit.BP, 3_350, 3_230, "+1.2"),
    ],
)
def test_changes(unit, value, earlier, expected):
    assert change(Measure("x", "x", unit), value, earlier).startswith(expected)


def test_figures_are_those_worked_out_by_hand(sold):
    found = content_of(Slice(YESTERDAY, YESTERDAY))
    figures, earlier = found["figures"], found["before"]
    # An imported order is placed when it was paid.
    assert (figures["placed"], figures["paid"], figures["paid_fen"], figures["buyers"]) == (2, 2, 5_050, 2)
    assert (figures["average_fen"], figures["refunded_fen"]) == (2_525, 0)
    assert (figures["visitors"], figures["sessions"], figures["bounce_bp"]) == (3, 3, 3_333)
    assert (earlier["paid"], earlier["paid_fen"], earlier["sessions"], earlier["bounce_bp"]) == (1, 1_000, 0, None)
    assert found["products"] == [{"name": "=Green tea", "units": 2, "net_fen": 5_050}]
    assert [(each["paid"], each["paid_fen"]) for each in found["days"][-3:]] == [(0, 0), (1, 1_000), (2, 5_050)]
    assert len(found["days"]) == 14


def test_what_a_filter_makes_meaningless_is_left_out(sold):
    found = content_of(Slice(YESTERDAY, YESTERDAY, channel="h5"))
    assert (found["figures"]["sessions"], found["figures"]["new_members"], found["products"]) == (3, None, [])
    of_device = content_of(Slice(YESTERDAY, YESTERDAY, device="ios"))["figures"]
    assert (of_device["paid"], of_device["sessions"]) == (None, 0)


def test_a_report_equals_the_dashboards_and_keeps_what_it_said(sold, mei, admin_client):
    report, client = yesterdays(), making.staff_client(mei)
    period = {"from": f"{YESTERDAY}", "to": f"{YESTERDAY}"}
    base, figures = "/api/v1/staff/analytics", report.content["figures"]
    overview = client.get(f"{base}/overview", period).json()
    assert {name: overview[name] for name in ("visitors", "sessions", "views", "bounce_bp")} == {
        name: figures[name] for name in ("visitors", "sessions", "views", "bounce_bp")
    }
    steps = client.get(f"{base}/funnel", period).json()
    assert [steps[name] for name in ("exposed", "clicked", "paid")] == [
        figures[f"funnel_{name}"] for name in ("exposed", "clicked", "paid")
    ]
    best = client.get(f"{base}/leaderboard", {"of": "products", **period}).json()["items"]
    assert [(each["name"], each["value_fen"]) for each in best] == [("=Green tea", 5_050)]
    assert client.get(f"{base}/summary", period).json() == report.content
    assert client.get(f"{base}/reports/{report.pk}").json()["content"] == report.content
    assert [each["id"] for each in client.get(f"{base}/reports").json()["items"]] == [report.pk]
    bought(("cleo", 1, "99.00"))
    report.refresh_from_db()
    assert report.figures["paid_fen"] == 5_050
    assert client.get(f"{base}/summary", period).json()["figures"]["paid_fen"] == 14_950
    page = admin_client.get(reverse("admin:reports_report_change", args=[report.pk])).content.decode()
    assert "¥50.50" in page
    assert "¥149.50" not in page


def test_due_reports_wait_for_the_hour_and_for_the_night(sold):
    counted(NOW - DAY)
    assert make_due_reports(now=MORNING) == 0
    counted(MORNING - 5 * HOUR)
    # Half past five.
    assert make_due_reports(now=MORNING - 3 * HOUR) == 0
    assert not Report.objects.exists()
    assert make_due_reports(now=MORNING) == 3
    assert make_due_reports(now=MORNING) == 0
    assert sorted(Report.objects.values_list("kind", "first")) == [
        ("daily", YESTERDAY),
        ("monthly", date(2026, 10, 1)),
        ("weekly", date(2026, 11, 9)),
    ]


def test_missed_days_are_made_up_for_and_only_the_latest_is_mailed(sold, mei):
    subscribe(staff_id=mei.pk, kinds={"daily"})
    make_report(kind=Kind.DAILY, first=YESTERDAY - 4 * DAY, last=YESTERDAY - 4 * DAY, is_sent=False, now=MORNING)
    counted(MORNING)
    make_due_reports(now=MORNING)
    days = Report.objects.filter(kind=Kind.DAILY).order_by("first")
    assert [report.first for report in days] == [YESTERDAY - n * DAY for n in (4, 3, 2, 1, 0)]
    assert [mailing.report.first for mailing in Mailing.objects.select_related("report")] == [YESTERDAY]


def test_a_mail_brings_the_figures_with_pdf_and_xlsx(sold, mei):
    subscribe(staff_id=mei.pk, kinds={"daily"})
    report = yesterdays()
    assert mail_due(now=MORNING) == {"sent": 1}
    [letter] = mail.outbox
    assert letter.to == ["mei@example.com"]
    assert "2026-11-19" in letter.subject
    assert "¥50.50 (+405.0%)" in letter.body
    assert f"/admin/reports/report/{report.pk}/change/" in letter.body
    assert [(name, kind.split("/")[1][:4]) for name, _content, kind in letter.attachments] == [
        ("daily-2026-11-19.pdf", "pdf"),
        ("daily-2026-11-19.xlsx", "vnd."),
    ]
    assert mail_due(now=MORNING + HOUR) == {}
    assert len(mail.outbox) == 1


class Refusing(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected


def test_a_mail_that_fails_is_tried_again_later_then_an_alert_until_somebody_tries_again(sold, mei, settings):
    subscribe(staff_id=mei.pk, kinds={"daily"})
    yesterdays()
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    now = MORNING
    for attempt in range(1, MAX_ATTEMPTS):
        assert mail_due(now=now) == {"queued": 1}
        assert mail_due(now=now + pause_after(attempt) - timedelta(seconds=1)) == {}
        now += pause_after(attempt)
    assert not Alert.objects.exists()
    assert mail_due(now=now) == {"failed": 1}
    [mailing] = Mailing.objects.all()
    assert (mailing.error_code, mailing.attempts) == ("unreachable", MAX_ATTEMPTS)
    assert Alert.objects.get().data == {"count": 1}
    assert mail_due(now=now + 99 * HOUR) == {}
    assert mail.outbox == []
    settings.EMAIL_BACKEND = working
    assert send_again(mailing_id=mailing.pk, now=now)
    assert not Alert.objects.exists()
    assert mail_due(now=now) == {"sent": 1}
    assert len(mail.outbox) == 1
    assert not send_again(mailing_id=mailing.pk, now=now)


def test_who_may_not_see_reports_any_more_gets_none(sold, mei):
    subscribe(staff_id=mei.pk, kinds={"daily"})
    yesterdays()
    StaffUser.objects.filter(pk=mei.pk).update(is_superuser=False)
    assert mail_due(now=MORNING) == {"withheld": 1}
    assert mail.outbox == []


def test_staff_decide_for_themselves_which_reports_they_get(mei, client, sold):
    client.force_login(mei)
    page = reverse("admin:reports_report_subscriptions")
    client.post(page, {"kinds": ["daily", "monthly"]})
    client.post(page, {"kinds": ["weekly", "daily"]})
    yesterdays()
    assert Mailing.objects.get().staff == mei
    client.post(page, {})
    make_report(kind=Kind.WEEKLY, first=date(2026, 11, 9), last=date(2026, 11, 15), is_sent=True, now=MORNING)
    assert Mailing.objects.count() == 1
    StaffUser.objects.filter(pk=mei.pk).update(email="")
    assert "kinds" in client.post(page, {"kinds": ["daily"]}).content.decode()
    make_report(kind=Kind.DAILY, first=TODAY, last=TODAY, is_sent=True, now=MORNING)
    assert Mailing.objects.count() == 1


def test_files_hold_numbers_and_no_formulas(sold):
    content = content_of(Slice(YESTERDAY, YESTERDAY))
    book = load_workbook(io.BytesIO(xlsx_of(content)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    [tea] = [cell for cell in cells if cell.value == "=Green tea"]
    assert tea.offset(column=2).value == 50.5
    sales = {row[0].value: [cell.value for cell in row[1:3]] for row in book.worksheets[0].iter_rows(min_row=2)}
    assert [50.5, 10] in sales.values()
    paper = pdf_of("经营日报", content)
    assert paper.startswith(b"%PDF-")
    assert len(paper) < 200_000


def test_reports_are_downloaded_by_who_may_see_them(sold, mei, client):
    report = yesterdays()
    for ending, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        address = reverse(f"admin:reports_report_{ending}", args=[report.pk])
        assert client.get(address).status_code == 302
        client.force_login(mei)
        assert client.get(address).content.startswith(start)
        client.logout()
    nobody = StaffUser.objects.create_user("nobody", is_staff=True)
    client.force_login(nobody)
    for address in ("overview", "report_changelist", "members"):
        assert client.get(reverse(f"admin:reports_{address}")).status_code == 403
    assert client.get(reverse("admin:reports_report_pdf", args=[report.pk])).status_code == 403
