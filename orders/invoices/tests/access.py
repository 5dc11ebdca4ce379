from members.identity.models import Member
from orders.invoices.models import InvoiceTitle
from orders.invoices.services import ask_for_invoice, issue_invoice
from orders.invoices.tests.making import CLERK, PDF, PERSON, paid_order
from shop.core import clock
from tests.access import Door, Thing

TITLE = b'{"buyer": "personal", "title": "A"}'
WRITTEN = ("id", "member_id", "status", "amount_fen", "number", "issued_at", "reason")


def title(owner: Member) -> Thing:
    row = InvoiceTitle.objects.create(member=owner, **PERSON)
    return Thing({"title_id": row.pk}, row)


def order(owner: Member) -> Thing:
    row = paid_order(owner)
    return Thing({"number": row.number}, row)


def wish(owner: Member) -> Thing:
    row = paid_order(owner)
    invoice = ask_for_invoice(order_number=row.number, member_id=owner.pk, fields=PERSON, now=clock.now())
    return Thing({"number": row.number}, invoice)


def issued(owner: Member) -> Thing:
    thing = wish(owner)
    number = f"{thing.row.pk:020d}"
    issue_invoice(
        invoice_id=thing.row.pk,
        number=number,
        amount_fen=thing.row.amount_fen,
        content=PDF,
        actor=CLERK,
        now=clock.now(),
    )
    thing.row.refresh_from_db()
    return thing


DOORS = (
    Door("GET", "me/invoices"),
    Door("GET", "me/invoice-titles"),
    Door("POST", "me/invoice-titles", read_only=("id", "member_id")),
    Door("PUT", "me/invoice-titles/<int:title_id>", thing=title, body=TITLE, read_only=("id", "member_id")),
    Door("DELETE", "me/invoice-titles/<int:title_id>", thing=title),
    Door("GET", "orders/<number:number>/invoice", thing=wish),
    Door(
        "POST",
        "orders/<number:number>/invoice",
        thing=order,
        body=b'{"invoice_title": {"buyer": "personal", "title": "A"}}',
        read_only=WRITTEN,
    ),
    Door("DELETE", "orders/<number:number>/invoice", thing=wish),
    Door("GET", "orders/<number:number>/invoice/file", thing=issued),
)
