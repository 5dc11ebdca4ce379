from django.urls import path

from orders.payments import views

urlpatterns = [
    path("orders/<number:number>/payments", views.OrderPaymentsView.as_view()),
    path("orders/<number:number>/cancel", views.OrderCancelView.as_view()),
    path("payments/<number:number>", views.PaymentView.as_view()),
    path("payments/wechat/notify", views.WechatPaymentNotifyView.as_view(), name="wechat-payment-notify"),
    path("payments/wechat/refund-notify", views.WechatRefundNotifyView.as_view(), name="wechat-refund-notify"),
    path("payments/alipay/notify", views.AlipayNotifyView.as_view(), name="alipay-notify"),
]
