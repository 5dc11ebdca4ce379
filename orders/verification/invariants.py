"""Laws of verification in stores."""

from django.db.models import Exists, OuterRef

from orders.checkout.models import OrderStatus
from orders.verification.models import Pickup, Verification, VerificationKind
from promotions.coupons.models import Coupon

SHOWN = 20
_AFTER = (OrderStatus.COMPLETED, OrderStatus.REFUNDED)


def goods_are_fetched_once_and_written_down() -> list[str]:
    """Goods left a store exactly when their verification stands, and their order is completed, or refunded since."""
    standing = Verification.objects.filter(
        kind=VerificationKind.PICKUP, reference=OuterRef("order__number"), undone_at=None, store_id=OuterRef("store_id")
    )
    fetched = Pickup.objects.exclude(fetched_at=None).select_related("order")
    unwritten = fetched.exclude(Exists(standing)) | fetched.exclude(order__status__in=_AFTER)
    waiting = Pickup.objects.filter(fetched_at=None).select_related("order")
    return [f"order {row.order.number}: fetched, but not verified or completed" for row in unwritten[:SHOWN]] + [
        f"order {row.order.number}: verified, but not fetched" for row in waiting.filter(Exists(standing))[:SHOWN]
    ]


def verified_coupons_are_used_there() -> list[str]:
    """A coupon whose verification stands was used in that store at that moment, and took off what was written down."""
    used = Coupon.objects.filter(
        number=OuterRef("reference"),
        store_code=OuterRef("store__code"),
        used_at=OuterRef("verified_at"),
        cost_fen=OuterRef("off_fen"),
    )
    standing = Verification.objects.filter(kind=VerificationKind.COUPON, undone_at=None)
    wrong = standing.exclude(Exists(used)).order_by("pk")
    return [f"coupon {row.reference}: verified, but not used so" for row in wrong[:SHOWN]]


LAWS = (goods_are_fetched_once_and_written_down, verified_coupons_are_used_there)
