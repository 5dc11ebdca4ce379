"""Orders that were paid with a payment of their own, and what comes back of them."""

from datetime import datetime

from django.db import transaction

from members.identity.models import Member
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.confirmation import confirm_paid
from orders.payments.models import Payment, Refund
from orders.payments.tests.factories import make_order
from shop.core import clock
from shop.core.actors import Actor

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
CLERK = Actor.staff("clerk")
# Tax numbers that companies publish.
TENCENT = "9144030071526726XG"
PERSON = {"buyer": "personal", "title": "李雷", "tax_number": "", "email": "lilei@example.com"}
COMPANY = {"buyer": "company", "title": "深圳市腾讯计算机系统有限公司", "tax_number": TENCENT, "email": ""}


def paid_order(member: Member, *, payable_fen: int = 9900, at: datetime | None = None) -> Order:
    now = at or clock.now()
    order = make_order(member, payable_fen=payable_fen)
    with transaction.atomic():
        Payment.objects.create(
            number=f"P{order.number}"[:32],
            order=order,
            method="wechat",
            amount_fen=payable_fen,
            status="succeeded",
            settles_order=True,
            created_at=now,
            succeeded_at=now,
        )
        locked = lock_order(number=order.number)
        confirm_paid(order=locked, actor=Actor.gateway("wechat"), now=now)
    return locked


def give_back(order: Order, fen: int) -> None:
    """Money is on its way back, as an after-sale has it sent."""
    payment = Payment.objects.get(order=order)
    payment.refunded_fen += fen
    payment.save(update_fields=["refunded_fen"])
    Refund.objects.create(
        number=f"R{order.pk}-{payment.refunded_fen}",
        payment=payment,
        amount_fen=fen,
        reason="after_sale",
        reference=f"AS{payment.refunded_fen}",
        status="succeeded",
        created_at=clock.now(),
        succeeded_at=clock.now(),
    )
