from django.urls import path

from members.identity.views import (
    AddressListView,
    AddressView,
    CancellationView,
    ExportView,
    LogoutView,
    MemberPingView,
    MeView,
    PhoneView,
    RefreshView,
    SessionListView,
    SessionView,
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
    path("me/ping", MemberPingView.as_view(), name="me-ping"),
    path("me/phone", PhoneView.as_view(), name="phone"),
    path("me/sessions", SessionListView.as_view(), name="sessions"),
    path("me/sessions/<int:session_id>", SessionView.as_view(), name="session"),
    path("me/cancellation", CancellationView.as_view(), name="cancellation"),
    path("me/export", ExportView.as_view(), name="export"),
    path("me/addresses", AddressListView.as_view(), name="addresses"),
    path("me/addresses/<int:address_id>", AddressView.as_view(), name="address"),
]
