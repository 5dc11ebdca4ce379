"""What orders, the edge and jobs call; each name lives in the module of its verb."""

from promotions.coupons.services.automatic import give_for_purchase, gives_for_purchase
from promotions.coupons.services.granting import claim_coupon, give, give_many
from promotions.coupons.services.redeeming import redeem_code
from promotions.coupons.services.taking_back import take_back_for_purchase
from promotions.coupons.services.using import (
    claim_coupons,
    confirm_coupons,
    let_coupons_go,
    reduce_coupons,
    release_coupons,
    return_coupons,
    take_coupons_back,
    void_coupon,
)

__all__ = [
    "claim_coupon",
    "claim_coupons",
    "confirm_coupons",
    "give",
    "give_for_purchase",
    "give_many",
    "gives_for_purchase",
    "let_coupons_go",
    "redeem_code",
    "reduce_coupons",
    "release_coupons",
    "return_coupons",
    "take_back_for_purchase",
    "take_coupons_back",
    "void_coupon",
]
