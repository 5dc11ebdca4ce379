from django.urls import path

from promotions.flash_sale.views import FlashSalesView, ReminderView

urlpatterns = [
    path("flash-sales", FlashSalesView.as_view(), name="flash-sales"),
    path("flash-sales/items/<int:item_id>/remind", ReminderView.as_view(), name="flash-sale-remind"),
]
