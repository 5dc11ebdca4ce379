from django.urls import path

from logistics.network.views import PickupStoreListView

urlpatterns = [path("pickup-stores", PickupStoreListView.as_view())]
