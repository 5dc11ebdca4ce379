from django.urls import path

from promotions.coupons.views import ClaimView, MyCouponsView, OfferedCouponsView, RedeemView, StorePassView

urlpatterns = [
    path("coupons", OfferedCouponsView.as_view(), name="coupons"),
    path("coupons/redeem", RedeemView.as_view(), name="coupons-redeem"),
    path("coupons/<int:template_id>/claim", ClaimView.as_view(), name="coupons-claim"),
    path("me/coupons", MyCouponsView.as_view(), name="my-coupons"),
    path("me/coupons/<number:number>/pass", StorePassView.as_view(), name="my-coupon-pass"),
]
