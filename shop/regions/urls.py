from django.urls import path

from shop.regions.views import RegionListView

urlpatterns = [path("regions", RegionListView.as_view(), name="regions")]
