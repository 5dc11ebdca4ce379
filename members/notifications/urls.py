from django.urls import path

from members.notifications.views import InboxView, PreferencesView, ReadView, SubscribeCreditsView

urlpatterns = [
    path("me/notifications", InboxView.as_view(), name="notifications"),
    path("me/notifications/read", ReadView.as_view(), name="notifications-read"),
    path("me/notification-preferences", PreferencesView.as_view(), name="notification-preferences"),
    path("me/subscribe-credits", SubscribeCreditsView.as_view(), name="subscribe-credits"),
]
