from django.urls import path

from logistics.shipments.views import CourierNotifyView

urlpatterns = [path("couriers/notify", CourierNotifyView.as_view())]
