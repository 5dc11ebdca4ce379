from django.urls import path

from orders.after_sales import views

urlpatterns = [
    path(
        "orders/<number:number>/after-sales/preview",
        views.AfterSalePreviewView.as_view(),
        name="order-after-sales-preview",
    ),
    path("orders/<number:number>/after-sales", views.OrderAfterSalesView.as_view(), name="order-after-sales"),
    path("after-sales", views.AfterSalesView.as_view(), name="after-sales"),
    path("after-sales/<number:number>", views.AfterSaleView.as_view(), name="after-sale"),
    path(
        "after-sales/<number:number>/return-shipment",
        views.ReturnShipmentView.as_view(),
        name="after-sale-return-shipment",
    ),
    path("after-sales/<number:number>/cancel", views.CancelView.as_view(), name="after-sale-cancel"),
]
