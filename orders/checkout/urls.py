from django.urls import path

from orders.checkout.views import BuyAgainView, OrdersView, OrderView, QuoteView, ReceiveView

urlpatterns = [
    path("checkout/quote", QuoteView.as_view(), name="quote"),
    path("orders", OrdersView.as_view(), name="orders"),
    path("orders/<number:number>", OrderView.as_view(), name="order"),
    path("orders/<number:number>/receive", ReceiveView.as_view(), name="order-receive"),
    path("orders/<number:number>/buy-again", BuyAgainView.as_view(), name="order-buy-again"),
]
