"""The invoice desk."""

from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

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
    said = send(admin_client, "issue", invoice.pk, number=NUMBER, file=attached(PDF))
    assert f"Issued: {NUMBER} over ¥99.00" in said
    download = admin_client.get(reverse("admin:invoices_invoice_download", args=[invoice.pk]))
    assert (download.content, download["Content-Type"]) == (PDF, "application/pdf")
    assert NUMBER in LogEntry.objects.get().get_change_message()
    assert "not waiting to be issued" in send(admin_client, "issue", invoice.pk, number="12345678", file=attached(PDF))


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
    assert said in send(admin_client, "issue", invoice.pk, number=number, file=attached(BytesIO(content).read()))
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
        send(admin_client, "issue", invoice.pk, number=f"{index:08d}", file=attached(PDF))
    give_back(due.order, 900)
    follow_refund(order_number=due.order.number, now=clock.now())
    listed = admin_client.get(reverse("admin:invoices_invoice_changelist"), {"red": "due"}, headers=ENGLISH)
    assert due.order.number in listed.content.decode()
    assert other.order.number not in listed.content.decode()
    assert "Red-letter note due" in listed.content.decode()
    send(admin_client, "reverse", due.pk, number="88888888")
    due.refresh_from_db()
    assert (due.status, due.red_number) == ("reversed", "88888888")


def test_the_file_for_finance_holds_what_is_chosen_and_no_formula(admin_client, member):
    chosen, other = wish(member, {**PERSON, "title": "=1+1"}), wish(member)
    body = {"action": "export", "_selected_action": [chosen.pk]}
    answer = admin_client.post(reverse("admin:invoices_invoice_changelist"), body, headers=ENGLISH)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "99.00" in text
    assert chosen.order.number in text
    assert other.order.number not in text


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
