from members.identity.models import Member
from promotions.coupons.tests.making import make_coupon, make_live_template
from shop.core import clock
from tests.access import Door, Thing, Who


def template(owner: Member) -> Thing:
    row = make_live_template()
    return Thing({"template_id": row.pk}, row)


def coupon(owner: Member) -> Thing:
    row = make_coupon(owner, template=make_live_template(use_in="store"), now=clock.now())
    return Thing({"number": row.number}, row)


DOORS = (
    Door("GET", "coupons", Who.ANYBODY),
    Door("POST", "coupons/redeem", read_only=("member_id", "template_id", "status")),
    Door(
        "POST", "coupons/<int:template_id>/claim", thing=template, not_yours=False, read_only=("status", "valid_until")
    ),
    Door("GET", "me/coupons"),
    Door("POST", "me/coupons/<number:number>/pass", thing=coupon, read_only=("code", "expires_at")),
)
