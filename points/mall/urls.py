from django.urls import path

from points.mall.views import (
    BookingView,
    RevealView,
    RewardSlotsView,
    RewardsView,
    RewardView,
    VouchersView,
    VoucherView,
    ZonesView,
)

urlpatterns = [
    path("points/rewards", RewardsView.as_view(), name="rewards"),
    path("points/rewards/<int:reward_id>", RewardView.as_view(), name="reward"),
    path("points/rewards/<int:reward_id>/slots", RewardSlotsView.as_view(), name="reward-slots"),
    path("points/reward-zones", ZonesView.as_view(), name="reward-zones"),
    path("me/vouchers", VouchersView.as_view(), name="my-vouchers"),
    path("me/vouchers/<int:voucher_id>", VoucherView.as_view(), name="my-voucher"),
    path("me/vouchers/<int:voucher_id>/reveal", RevealView.as_view(), name="my-voucher-reveal"),
    path("me/vouchers/<int:voucher_id>/booking", BookingView.as_view(), name="my-voucher-booking"),
]
