from members.identity.models import Member
from orders.checkout.models import OrderLine
from orders.reviews.tests.making import received, reviewed
from shop.catalog.tests.factories import make_product
from tests.access import Door, Thing, Who

LINE_ID = 2**40


def product(owner: Member) -> Thing:
    row = make_product()
    return Thing({"product_id": row.pk}, row)


def order(owner: Member) -> Thing:
    line = received(owner)
    OrderLine.objects.filter(pk=line.pk).update(id=LINE_ID)
    return Thing({"number": line.order.number}, line.order)


def review(owner: Member) -> Thing:
    row = reviewed(owner)
    return Thing({"review_id": row.pk}, row)


DOORS = (
    Door("GET", "products/<int:product_id>/reviews", Who.ANYBODY, thing=product),
    Door(
        "POST",
        "orders/<number:number>/reviews",
        thing=order,
        body=f'{{"line_id": {LINE_ID}, "rating": 5}}'.encode(),
        read_only=("status", "member_id", "product_id", "is_default", "reply", "written_at"),
    ),
    Door("GET", "me/reviews"),
    Door("DELETE", "me/reviews/<int:review_id>", thing=review),
    Door(
        "POST",
        "me/reviews/<int:review_id>/follow-up",
        thing=review,
        body='{"content": "还是好"}'.encode(),
        read_only=("rating", "status", "member_id"),
    ),
)
