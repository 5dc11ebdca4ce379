from django.urls import path

from members.identity.views import (
    AddressListView,
    AddressView,
    LogoutView,
    MeView,
    RefreshView,
    SmsCodeView,
    SmsLoginView,
    WechatLoginView,
)

urlpatterns = [
    path("auth/sms-codes", SmsCodeView.as_view(), name="sms-codes"),
    path("auth/sms-login", SmsLoginView.as_view(), name="sms-login"),
    path("auth/wechat-login", WechatLoginView.as_view(), name="wechat-login"),
    path("auth/refresh", RefreshView.as_view(), name="refresh"),
    path("auth/logout", LogoutView.as_view(), name="logout"),
    path("me", MeView.as_view(), name="me"),
    path("me/addresses", AddressListView.as_view(), name="addresses"),
    path("me/addresses/<int:address_id>", AddressView.as_view(), name="address"),
]
