from django.urls import path

from orders.fulfilment.views import OrderShipmentsView

urlpatterns = [path("orders/<number:number>/shipments", OrderShipmentsView.as_view(), name="order-shipments")]
