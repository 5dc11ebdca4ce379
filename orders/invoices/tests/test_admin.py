"""The invoice desk."""

from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from orders.invoices.models import Invoice, InvoiceFile
from orders.invoices.services import ask_for_invoice, follow_refund
from orders.invoices.tests.making import COMPANY, PDF, PERSON, give_back, paid_order
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
NUMBER = "26442000000012345678"


def wish(member, fields=COMPANY):
    order = paid_order(member)
    return ask_for_invoice(order_number=order.number, member_id=member.pk, fields=fields, now=clock.now())


def send(client, name, pk, **body):
    address = reverse(f"admin:invoices_invoice_{name}", args=[pk])
    return client.post(address, body, headers=ENGLISH, follow=True).content.decode()


def attached(content, name="invoice.pdf"):
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def test_finance_issues_an_invoice_with_its_pdf(admin_client, member):
    invoice = wish(member)
    said = send(admin_client, "issue", invoice.pk, number=NUMBER, amount="99", file=attached(PDF))
    assert f"Issued: {NUMBER} over ¥99.00" in said
    download = admin_client.get(reverse("admin:invoices_invoice_download", args=[invoice.pk]))
    assert (download.content, download["Content-Type"]) == (PDF, "application/pdf")
    assert NUMBER in LogEntry.objects.get().get_change_message()
    again = send(admin_client, "issue", invoice.pk, number="12345678", amount="99", file=attached(PDF))
    assert "not waiting to be issued" in again


def test_a_pdf_over_more_than_is_left_is_not_issued(admin_client, member):
    invoice = wish(member)
    give_back(invoice.order, 4000)
    said = send(admin_client, "issue", invoice.pk, number=NUMBER, amount="99", file=attached(PDF))
    assert "made out for ¥99.00, but ¥59.00 of the payment is kept" in said
    # The page says what the next one has to say.
    assert f"{COMPANY['tax_number']} · ¥59.00" in said
    invoice.refresh_from_db()
    assert (invoice.status, invoice.number, InvoiceFile.objects.count()) == ("requested", "", 0)
    assert "required" in send(admin_client, "issue", invoice.pk, number=NUMBER, file=attached(PDF))
    assert "over ¥59.00" in send(admin_client, "issue", invoice.pk, number=NUMBER, amount="59.00", file=attached(PDF))


@pytest.mark.parametrize(
    ("number", "content", "said"),
    [
        ("12", PDF, "8 to 20 digits"),
        (NUMBER, b"<svg onload=alert(1)>", "This is not a PDF."),
        (NUMBER, b"%PDF-1.7 cut off", "This is not a PDF."),
        (NUMBER, b"%PDF-" + b"0" * (2 * 1024 * 1024) + b"%%EOF", "larger than 2 MB"),
    ],
    ids=["number", "svg", "cut off", "large"],
)
def test_what_is_no_invoice_is_not_issued(admin_client, member, number, content, said):
    invoice = wish(member)
    file = attached(BytesIO(content).read())
    assert said in send(admin_client, "issue", invoice.pk, number=number, amount="99", file=file)
    invoice.refresh_from_db()
    assert (invoice.status, InvoiceFile.objects.count()) == ("requested", 0)


def test_an_invoice_is_refused_for_a_reason_that_the_member_reads(admin_client, member):
    invoice = wish(member)
    assert "required" in send(admin_client, "refuse", invoice.pk, reason="")
    send(admin_client, "refuse", invoice.pk, reason="抬头不符")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.reason, invoice.decided_by) == ("refused", "抬头不符", "staff:admin")


def test_what_needs_a_red_letter_note_is_found_and_reversed(admin_client, member):
    due, other = wish(member), wish(member)
    for index, invoice in enumerate((due, other)):
        send(admin_client, "issue", invoice.pk, number=f"{index:08d}", amount="99", file=attached(PDF))
    give_back(due.order, 900)
    follow_refund(order_number=due.order.number, now=clock.now())
    listed = admin_client.get(reverse("admin:invoices_invoice_changelist"), {"red": "due"}, headers=ENGLISH)
    assert due.order.number in listed.content.decode()
    assert other.order.number not in listed.content.decode()
    assert "Red-letter note due" in listed.content.decode()
    send(admin_client, "reverse", due.pk, number="88888888")
    due.refresh_from_db()
    assert (due.status, due.red_number) == ("reversed", "88888888")


def exported(client, *invoices):
    body = {"action": "export", "_selected_action": [each.pk for each in invoices]}
    return client.post(reverse("admin:invoices_invoice_changelist"), body, headers=ENGLISH, follow=True)


def test_the_file_for_finance_holds_what_is_chosen_no_formula_and_all_digits(admin_client, member):
    chosen, other = wish(member, {**PERSON, "title": "=1+1\x0b"}), wish(member)
    send(admin_client, "issue", chosen.pk, number=NUMBER, amount="99", file=attached(PDF))
    answer = exported(admin_client, chosen)
    assert answer["Content-Disposition"] == 'attachment; filename="invoices.xlsx"'
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    headings, row = sheet.iter_rows()
    assert {"order number", "invoice number", "amount"} <= {cell.value for cell in headings}
    shown = {heading.value: (cell.value, cell.data_type) for heading, cell in zip(headings, row, strict=True)}
    assert shown["order number"] == (chosen.order.number, "s")
    # As text: of a number a spreadsheet keeps fifteen digits.
    assert shown["invoice number"] == (NUMBER, "s")
    assert shown["invoice title"] == ("'=1+1", "s")
    assert shown["amount"] == (99, "n")
    assert other.order.number not in str(shown)
    assert "Exported" in LogEntry.objects.first().get_change_message()


def test_more_than_a_file_holds_is_told_and_not_cut(admin_client, member, monkeypatch):
    monkeypatch.setattr("orders.invoices.admin.MOST_EXPORTED", 1)
    answer = exported(admin_client, wish(member), wish(member))
    assert "A file holds at most 1 invoices." in answer.content.decode()
    assert not LogEntry.objects.exists()


def test_who_may_only_look_decides_nothing(client, member, django_user_model):
    invoice = wish(member)
    viewer = StaffUser.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.set(viewer.user_permissions.model.objects.filter(codename="view_invoice"))
    client.force_login(StaffUser.objects.get(pk=viewer.pk))
    for name in ("issue", "refuse", "reverse"):
        address = reverse(f"admin:invoices_invoice_{name}", args=[invoice.pk])
        assert client.post(address, {"reason": "x", "number": NUMBER}).status_code == 403
    assert Invoice.objects.get().status == "requested"


@pytest.mark.parametrize("term", ["order", "title", "tax_number"])
def test_invoices_are_found(admin_client, member, term):
    invoice = wish(member)
    asked = {"order": invoice.order.number, "title": COMPANY["title"][:4], "tax_number": COMPANY["tax_number"].lower()}
    address = reverse("admin:invoices_invoice_changelist")
    assert invoice.order.number in admin_client.get(address, {"q": asked[term]}).content.decode()
    assert invoice.order.number not in admin_client.get(address, {"q": "nothing"}).content.decode()
