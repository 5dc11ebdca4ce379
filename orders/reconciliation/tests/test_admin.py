"""What finance sees and does: days with their lights, differences with links, files, months, the home page."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment
from orders.reconciliation.models import Difference, Reconciliation
from orders.reconciliation.queries import settlements
from orders.reconciliation.services.keeping import keep_bill
from shop.core import clock
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db
DAYS = "admin:reconciliation_reconciliation_changelist"
DIFFERENCES = "admin:reconciliation_difference_changelist"


@pytest.fixture
def desk_of(client):
    """The admin, signed in as who has a role."""
    seed_roles()
    create_role_accounts(password="lantern-desk")

    def seat(account: str) -> Client:
        client.force_login(StaffUser.objects.get(username=account))
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    return seat


@pytest.fixture
def differing(till):
    """A day on whose bill a payment is a fen too high."""
    payment = till.pay(500, till.at("12:00:00"))
    till.bank.fault("bill", "amount")
    return till.run(), payment


def text(answer) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8-sig" if answer.streaming else "utf-8")


def test_a_day_shows_both_sides_and_links_to_what_differs(desk_of, differing):
    day, payment = differing
    finance = desk_of("finance")
    page = text(finance.get(reverse("admin:reconciliation_reconciliation_change", args=[day.pk])))
    for words in ("Differs", "¥5.00", "¥5.01", "-¥0.01", payment.number, "Other amount"):
        assert words in page, words
    [difference] = Difference.objects.all()
    page = text(finance.get(reverse("admin:reconciliation_difference_change", args=[difference.pk])))
    for link in (
        reverse("admin:payments_payment_change", args=[payment.pk]),
        reverse("admin:checkout_order_change", args=[payment.order_id]),
        reverse("admin:reconciliation_reconciliation_change", args=[day.pk]),
    ):
        assert link in page
    listed = finance.get(reverse(DIFFERENCES), {"reconciliation__id__exact": day.pk})
    assert payment.number in text(listed)


def test_empty_screens_say_so(desk_of, till):
    finance = desk_of("finance")
    assert finance.get(reverse(DAYS)).status_code == 200
    months = finance.get(reverse("admin:reconciliation_reconciliation_settlement"))
    assert "No bill has been fetched yet." in text(months)
    till.pay(500, till.at("12:00:00"))
    day = till.run()
    page = text(finance.get(reverse("admin:reconciliation_reconciliation_change", args=[day.pk])))
    assert "None: every movement stands on both sides." in page
    assert "Balanced" in page


def test_a_day_that_waits_tells_why(desk_of, till):
    till.bank.fault("bill", "500")
    day = till.run()
    page = text(desk_of("finance").get(reverse("admin:reconciliation_reconciliation_change", args=[day.pk])))
    assert "The bill has not been had yet" in page
    assert "The gateway does not answer (payment_gateway_unavailable)" in page


def test_states_are_told_in_words_on_the_page_and_in_the_file(desk_of, till):
    payment = till.pay(500, till.at("12:00:00"), known=False)
    Payment.objects.filter(pk=payment.pk).update(status="closed")
    day = Reconciliation.objects.create(method="wechat", day=till.day())
    with gateway_for("wechat").download_bill(day=till.day()) as bill:
        keep_bill(reconciliation_id=day.pk, bill=bill, now=till.morning())
    difference = Difference.objects.get()
    assert (difference.bill_state, difference.book_state) == ("SUCCESS", "closed")
    finance = desk_of("finance")
    page = text(finance.get(reverse("admin:reconciliation_difference_change", args=[difference.pk])))
    for words in ("Succeeded (SUCCESS)", "Closed"):
        assert words in page
    answer = finance.get(reverse("admin:reconciliation_reconciliation_download_differences", args=[day.pk]))
    assert ",Succeeded (SUCCESS),Closed," in text(answer)


@pytest.mark.parametrize(("light", "shown"), [("waiting", 0), ("differs", 1), ("balanced", 2)])
def test_days_are_found_by_their_light(desk_of, till, light, shown):
    days = [Reconciliation.objects.create(method="wechat", day=till.day(n)) for n in range(3)]
    Reconciliation.objects.exclude(pk=days[0].pk).update(
        status="compared", fetched_at=clock.now(), compared_at=clock.now()
    )
    Difference.objects.create(
        reconciliation=days[1], kind="amount", subject="payment", number="P1", found_at=clock.now()
    )
    page = text(desk_of("finance").get(reverse(DAYS), {"light": light}))
    addresses = [reverse("admin:reconciliation_reconciliation_change", args=[each.pk]) for each in days]
    assert [address in page for address in addresses] == [index == shown for index in range(3)]


def test_finance_closes_and_reopens_with_a_reason(desk_of, differing):
    finance = desk_of("finance")
    [difference] = Difference.objects.all()
    close = reverse("admin:reconciliation_difference_close", args=[difference.pk])
    assert finance.get(close).status_code == 200
    assert finance.post(close, {"state": "explained", "reason": ""}).status_code == 200
    difference.refresh_from_db()
    assert difference.state == "open"
    assert finance.post(close, {"state": "explained", "reason": "网关补差"}).status_code == 302
    assert finance.post(close, {"state": "resolved", "reason": "again"}).status_code == 403
    difference.refresh_from_db()
    assert (difference.state, difference.events.last().actor) == ("explained", "staff:finance")
    page = text(finance.get(reverse("admin:reconciliation_difference_change", args=[difference.pk])))
    assert "网关补差" in page
    reopen = reverse("admin:reconciliation_difference_reopen", args=[difference.pk])
    assert finance.post(reopen, {"reason": "看错了"}).status_code == 302
    difference.refresh_from_db()
    assert difference.state == "open"


def test_an_analyst_looks_and_decides_nothing(desk_of, differing):
    day, _payment = differing
    analyst = desk_of("analyst")
    [difference] = Difference.objects.all()
    assert analyst.get(reverse(DAYS)).status_code == 200
    for view, pk in (
        ("difference_close", difference.pk),
        ("difference_reopen", difference.pk),
        ("difference_ask", difference.pk),
        ("reconciliation_run_again", day.pk),
    ):
        assert analyst.get(reverse(f"admin:reconciliation_{view}", args=[pk])).status_code == 403, view
    assert analyst.get(reverse("admin:reconciliation_reconciliation_reconcile_day")).status_code == 403
    difference.refresh_from_db()
    assert (difference.state, difference.events.count()) == ("open", 1)


@pytest.mark.parametrize("account", ["warehouse", "service", "store"])
def test_others_see_nothing_of_it(desk_of, differing, account):
    visitor = desk_of(account)
    for address in (DAYS, DIFFERENCES, "admin:reconciliation_reconciliation_settlement"):
        assert visitor.get(reverse(address)).status_code == 403
    assert "Differences with bills" not in text(visitor.get(reverse("admin:index")))


def test_a_day_is_reconciled_by_hand_and_again(desk_of, till):
    till.pay(500, till.at("12:00:00"))
    finance = desk_of("finance")
    form = reverse("admin:reconciliation_reconciliation_reconcile_day")
    assert finance.get(form).status_code == 200
    today = clock.business_day(clock.now())
    refused = finance.post(form, {"method": "wechat", "day": today.isoformat()})
    assert "There is no bill of a day that is not over." in text(refused)
    assert not Reconciliation.objects.exists()
    done = finance.post(form, {"method": "wechat", "day": till.day().isoformat()}, follow=True)
    assert "The bill was fetched and compared with our books." in text(done)
    day = Reconciliation.objects.get()
    till.bank.fault("bill", "500")
    again = finance.get(reverse("admin:reconciliation_reconciliation_run_again", args=[day.pk]), follow=True)
    assert "It is tried again by itself." in text(again)


def test_the_bill_comes_down_as_the_gateway_gave_it(desk_of, differing, till):
    day, payment = differing
    finance = desk_of("finance")
    answer = finance.get(reverse("admin:reconciliation_reconciliation_download_bill", args=[day.pk]))
    assert f'filename="wechat-{day.day}.csv.gz"' in answer["Content-Disposition"]
    assert payment.number in gzip.decompress(b"".join(answer.streaming_content)).decode()
    empty = till.run(1)
    page = finance.get(reverse("admin:reconciliation_reconciliation_download_bill", args=[empty.pk]), follow=True)
    assert "There is no bill of this day" in text(page)


def test_differences_come_down_as_a_file_that_no_spreadsheet_runs(desk_of, differing):
    day, payment = differing
    Difference.objects.update(gateway_id="=1+1")
    finance = desk_of("finance")
    of_day = finance.get(reverse("admin:reconciliation_reconciliation_download_differences", args=[day.pk]))
    lines = text(of_day).splitlines()
    assert len(lines) == 2
    cells = lines[1].split(",")
    assert cells[:2] + cells[4:8] == [
        day.day.isoformat(),
        "WeChat Pay",
        payment.number,
        payment.order.number,
        "5.01",
        "5.00",
    ]
    assert "'=1+1" in cells
    chosen = {"action": "export_csv", "_selected_action": [Difference.objects.get().pk], "select_across": "1"}
    filtered = finance.post(f"{reverse(DIFFERENCES)}?state__exact=gone", chosen)
    assert len(text(filtered).splitlines()) == 1 if filtered.streaming else filtered.status_code == 302
    assert len(text(finance.post(reverse(DIFFERENCES), chosen)).splitlines()) == 2


def test_months_add_up_by_gateway(desk_of, till):
    payment = till.pay(10_000, till.at("12:00:00"))
    till.refund(payment, 2500, till.at("13:00:00", 1), till.at("13:00:01", 1))
    for days in range(2):
        till.run(days)
    [month] = settlements(months=12)
    # 60 fen of fee for the payment, 15 back for the refund.
    assert (month.paid_fen, month.refunded_fen, month.fee_fen, month.net_fen) == (10_000, 2500, 45, 7455)
    assert (month.month, month.days, month.open_differences) == (till.day().replace(day=1), 2, 0)
    page = text(desk_of("finance").get(reverse("admin:reconciliation_reconciliation_settlement")))
    assert "¥74.55" in page


def test_the_home_page_of_finance_shows_the_last_days(desk_of, differing):
    page = text(desk_of("finance").get(reverse("admin:index")))
    assert "Reconciliation with 微信支付: open differences: 1" in page
    assert differing[0].day.isoformat() in page


def test_lists_cost_the_same_for_any_number_of_rows(desk_of, till, django_assert_max_num_queries):
    finance = desk_of("finance")
    for n in range(6):
        day = Reconciliation.objects.create(method="wechat", day=till.day(n))
        Difference.objects.create(
            reconciliation=day, kind="missing_here", subject="payment", number=f"P{n}", found_at=clock.now()
        )
    for address in (DAYS, DIFFERENCES):
        with django_assert_max_num_queries(11):
            assert finance.get(reverse(address)).status_code == 200
