from django.urls import path

from members.tiers.views import MyTierView, TierListView

urlpatterns = [
    path("tiers", TierListView.as_view(), name="tiers"),
    path("me/tier", MyTierView.as_view(), name="my-tier"),
]
