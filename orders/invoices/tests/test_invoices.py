"""From the member's wish to the red-letter note: amounts, one at a time, and nobody else's."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from orders.checkout.models import OrderStatus
from orders.invoices import member_data, services
from orders.invoices.errors import (
    InvoiceAmountDiffers,
    InvoiceAskedFor,
    InvoiceNotIssued,
    InvoiceNotOpen,
    InvoiceNumberUsed,
    NothingToInvoice,
)
from orders.invoices.invariants import LAWS
from orders.invoices.models import Invoice, InvoiceFile, InvoiceTitle
from orders.invoices.services import (
    ask_for_invoice,
    follow_refund,
    issue_invoice,
    refuse_invoice,
    reverse_invoice,
    withdraw_invoice,
)
from orders.invoices.tax_numbers import read
from orders.invoices.tests.making import CLERK, COMPANY, PDF, PERSON, TENCENT, give_back, paid_order
from orders.payments.tests.factories import make_order
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import Alert
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER, RED = "26442000000012345678", "26442000000099999999"


def ask(order, fields=PERSON, now=None):
    return ask_for_invoice(order_number=order.number, member_id=order.member_id, fields=fields, now=now or clock.now())


def issue(invoice, number=NUMBER, amount_fen=9900):
    """With a PDF over what the order cost, unless told."""
    return issue_invoice(
        invoice_id=invoice.pk, number=number, amount_fen=amount_fen, content=PDF, actor=CLERK, now=clock.now()
    )


def reverse(invoice):
    return reverse_invoice(invoice_id=invoice.pk, red_number=RED, actor=CLERK, now=clock.now())


def lawful():
    return [each for law in LAWS for each in law()] == []


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_an_invoice_is_asked_for_issued_and_downloaded_by_its_owner(member, member_client):
    order = paid_order(member)
    path = f"/api/v1/orders/{order.number}/invoice"
    assert refusal(member_client.get(path)) == (404, "invoice_not_found")
    asked = member_client.post(path, {"invoice_title": COMPANY, "keep": True})
    assert asked.status_code == 201
    assert (asked.json()["status"], asked.json()["amount_fen"], asked.json()["file"]) == ("requested", 9900, False)
    assert InvoiceTitle.objects.get().tax_number == TENCENT
    assert refusal(member_client.get(f"{path}/file")) == (404, "invoice_not_found")
    issue(Invoice.objects.get())
    shown = member_client.get(path).json()
    assert (shown["status"], shown["number"], shown["title"]) == ("issued", NUMBER, COMPANY["title"])
    answer = member_client.get(f"{path}/file", HTTP_ACCEPT="application/pdf")
    assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="{NUMBER}.pdf"'
    assert refusal(client_for(MemberFactory()).get(f"{path}/file")) == (404, "order_not_found")
    assert Notification.objects.get(event="invoice_issued").member == member
    assert [each["number"] for each in member_client.get("/api/v1/me/invoices").json()["items"]] == [NUMBER]
    assert lawful()


def test_the_amount_is_what_was_paid_and_not_given_back_when_it_is_issued(member):
    order = paid_order(member)
    give_back(order, 900)
    invoice = ask(order)
    assert invoice.amount_fen == 9000
    give_back(order, 1000)
    follow_refund(order_number=order.number, now=clock.now())
    invoice.refresh_from_db()
    assert (invoice.amount_fen, invoice.red_due_at) == (8000, None)
    give_back(order, 500)
    assert issue(invoice, amount_fen=7500).amount_fen == 7500
    assert lawful()


@pytest.mark.parametrize("amount_fen", [9900, 5899, 5901, 0])
def test_an_invoice_whose_pdf_says_another_amount_than_the_books_is_not_issued(member, amount_fen):
    order = paid_order(member)
    invoice = ask(order)
    # Staff have read ¥99.00 by now.
    give_back(order, 4000)
    with pytest.raises(InvoiceAmountDiffers) as refused:
        issue(invoice, amount_fen=amount_fen)
    assert refused.value.code == "invoice_amount_differs"
    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_fen, invoice.number) == ("requested", 9900, "")
    assert not InvoiceFile.objects.exists()
    assert not Notification.objects.filter(event="invoice_issued").exists()
    follow_refund(order_number=order.number, now=clock.now())
    issued = issue(invoice, amount_fen=5900)
    assert (issued.amount_fen, issued.red_due_at) == (5900, None)


def test_one_at_a_time_and_another_after_it_ended(member):
    order = paid_order(member)
    first = ask(order)
    with pytest.raises(InvoiceAskedFor):
        ask(order)
    withdraw_invoice(order_number=order.number, member_id=member.pk)
    second = ask(order, COMPANY)
    refuse_invoice(invoice_id=second.pk, reason="税号与抬头不符", actor=CLERK, now=clock.now())
    assert Notification.objects.get(event="invoice_refused").body.count("税号与抬头不符") == 1
    third = issue(ask(order))
    with pytest.raises(InvoiceAskedFor):
        ask(order)
    for late in (first, second, third):
        with pytest.raises(InvoiceNotOpen):
            issue(late, "26442000000000000001")
        with pytest.raises(InvoiceNotOpen):
            refuse_invoice(invoice_id=late.pk, reason="x", actor=CLERK, now=clock.now())
    with pytest.raises(InvoiceNotOpen):
        withdraw_invoice(order_number=order.number, member_id=member.pk)
    assert list(Invoice.objects.order_by("pk").values_list("status", flat=True)) == ["withdrawn", "refused", "issued"]
    assert InvoiceFile.objects.count() == 1
    assert lawful()


@pytest.mark.parametrize("guarded", [True, False])
def test_wishes_at_once_make_one_invoice(member, monkeypatch, guarded):
    order = paid_order(member)
    if not guarded:
        # What is left is the database's own constraint, which answers with an error of the server.
        monkeypatch.setattr(services, "lock_order", lambda **_: order)
    answers = run_together(*[lambda: ask(order)] * 6)
    names = [type(each).__name__ for each in answers]
    assert names.count("Invoice") == 1
    assert (names.count("InvoiceAskedFor") == 5) or not guarded
    assert Invoice.objects.count() == 1


def test_money_that_goes_back_after_issuing_calls_for_a_red_letter_note(member):
    order = paid_order(member)
    invoice = issue(ask(order))
    follow_refund(order_number=order.number, now=clock.now())
    invoice.refresh_from_db()
    assert invoice.red_due_at is None
    give_back(order, 900)
    now = clock.now()
    for _ in range(2):
        follow_refund(order_number=order.number, now=now)
    invoice.refresh_from_db()
    assert (invoice.red_due_at, invoice.amount_fen, invoice.status) == (now, 9900, "issued")
    alert = Alert.objects.get(cause=f"invoice_red:{invoice.pk}")
    assert alert.permission == "invoices.change_invoice"
    reversed_ = reverse(invoice)
    assert (reversed_.status, reversed_.red_number) == ("reversed", RED)
    assert not Alert.objects.filter(cause__startswith="invoice_red").exists()
    with pytest.raises(InvoiceNotIssued):
        reverse(invoice)
    assert ask(order).amount_fen == 9000
    assert lawful()


def test_a_wish_ends_with_the_money(member):
    order = paid_order(member)
    invoice = ask(order)
    give_back(order, 9900)
    with pytest.raises(NothingToInvoice):
        issue(invoice)
    follow_refund(order_number=order.number, now=clock.now())
    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_fen, bool(invoice.reason)) == ("withdrawn", 0, True)
    with pytest.raises(NothingToInvoice):
        ask(order)


def test_a_number_is_used_once(member):
    issue(ask(paid_order(member)))
    invoice = ask(paid_order(member))
    with pytest.raises(InvoiceNumberUsed):
        issue(invoice)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.number, InvoiceFile.objects.count()) == ("requested", "", 1)


def test_when_an_invoice_can_be_asked_for(member, member_client):
    unpaid = make_order(member)
    body = {"invoice_title": PERSON}
    assert refusal(member_client.post(f"/api/v1/orders/{unpaid.number}/invoice", body)) == (409, "invoice_too_early")
    unpaid.move_to(OrderStatus.CANCELLED, actor=Actor.staff("boss"), now=clock.now())
    assert refusal(member_client.post(f"/api/v1/orders/{unpaid.number}/invoice", body)) == (409, "nothing_sold")
    old = paid_order(member, at=clock.now() - timedelta(days=366))
    assert refusal(member_client.post(f"/api/v1/orders/{old.number}/invoice", body)) == (409, "invoice_too_late")
    free = paid_order(member)
    give_back(free, 9900)
    free.move_to(OrderStatus.REFUNDED, actor=Actor.staff("boss"), now=clock.now())
    assert refusal(member_client.post(f"/api/v1/orders/{free.number}/invoice", body)) == (409, "nothing_to_invoice")
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (TENCENT, TENCENT),
        ("914403001922038216", "914403001922038216"),
        (" 9144 0300 7152 6726 xg ", TENCENT),
        ("91350100M000100Y43", "91350100M000100Y43"),
        ("9144030071526726XH", None),
        ("9144030071526762XG", None),
        ("8144030071526726XG", None),
        ("914403001922038261", None),
        ("91440300192203821I", None),
        ("44030019220382", None),
        ("", None),
    ],
)
def test_tax_numbers_are_checked_by_their_last_character(typed, kept):
    assert read(typed) == kept


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/title_id"),
        ({"title_id": 1, "invoice_title": PERSON}, "/title_id"),
        ({"invoice_title": {**COMPANY, "tax_number": ""}}, "/invoice_title/tax_number"),
        ({"invoice_title": {**COMPANY, "tax_number": "9144030071526726XH"}}, "/invoice_title/tax_number"),
        ({"invoice_title": {**PERSON, "tax_number": TENCENT}}, "/invoice_title/tax_number"),
        ({"invoice_title": {**PERSON, "email": "nowhere"}}, "/invoice_title/email"),
        ({"invoice_title": {**PERSON, "title": "a\nb"}}, "/invoice_title/title"),
        ({"invoice_title": {**PERSON, "buyer": "ghost"}}, "/invoice_title/buyer"),
    ],
)
def test_what_is_wrong_is_pointed_at(member, member_client, body, pointer):
    answer = member_client.post(f"/api/v1/orders/{paid_order(member).number}/invoice", body)
    assert refusal(answer) == (400, "invalid_input")
    assert pointer in [each["field"] for each in answer.json()["details"]]
    assert not Invoice.objects.exists()


def test_titles_are_kept_changed_used_and_forgotten(member, member_client, django_assert_num_queries):
    path = "/api/v1/me/invoice-titles"
    first = member_client.post(path, PERSON).json()
    second = member_client.post(path, COMPANY).json()
    with django_assert_num_queries(1):
        assert [each["id"] for each in member_client.get(path).json()["items"]] == [second["id"], first["id"]]
    changed = member_client.put(f"{path}/{first['id']}", {**PERSON, "title": "韩梅梅"})
    assert changed.json()["title"] == "韩梅梅"
    order = paid_order(member)
    asked = member_client.post(f"/api/v1/orders/{order.number}/invoice", {"title_id": first["id"]})
    assert asked.json()["title"] == "韩梅梅"
    assert member_client.delete(f"{path}/{first['id']}").status_code == 204
    assert member_client.get(f"/api/v1/orders/{order.number}/invoice").json()["title"] == "韩梅梅"
    answer = member_client.post(f"/api/v1/orders/{paid_order(member).number}/invoice", {"title_id": first["id"]})
    assert refusal(answer) == (404, "invoice_title_not_found")


def test_titles_have_a_limit(member, member_client, monkeypatch):
    monkeypatch.setattr(services, "MOST_TITLES", 1)
    InvoiceTitle.objects.create(member=member, **PERSON)
    assert refusal(member_client.post("/api/v1/me/invoice-titles", COMPANY)) == (409, "too_many_invoice_titles")
    order = paid_order(member)
    body = {"invoice_title": COMPANY, "keep": True}
    answer = member_client.post(f"/api/v1/orders/{order.number}/invoice", body)
    assert refusal(answer) == (409, "too_many_invoice_titles")
    assert not Invoice.objects.exists()


def test_who_leaves_takes_their_name_along_and_issued_invoices_stay(member):
    issued, wish = issue(ask(paid_order(member))), ask(paid_order(member))
    InvoiceTitle.objects.create(member=member, **PERSON)
    assert len(member_data.export(member_id=member.pk)["invoices"]) == 2
    for expected in ({"invoice_titles": 1, "invoice_wishes": 1, "invoice_names": 1, "invoice_emails": 2}, {}):
        assert {k: v for k, v in member_data.erase(member_id=member.pk, now=clock.now()).items() if v} == expected
    issued.refresh_from_db()
    wish.refresh_from_db()
    assert (issued.status, issued.title, issued.email) == ("issued", "李雷", "")
    assert (wish.status, wish.title) == ("withdrawn", "")


def test_accounts_that_become_one_share_their_titles_and_invoices(member):
    other = MemberFactory()
    ask(paid_order(member))
    InvoiceTitle.objects.create(member=member, **PERSON)
    moved = member_data.move(source_id=member.pk, target_id=other.pk, now=clock.now())
    assert moved == {"invoice_titles": 1, "invoices": 1}
    assert (Invoice.objects.get().member, InvoiceTitle.objects.get().member) == (other, other)
