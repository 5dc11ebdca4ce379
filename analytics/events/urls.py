from django.urls import path

from analytics.events import views

urlpatterns = [
    path("events", views.EventsView.as_view(), name="events"),
    path("me/tracking", views.TrackingView.as_view(), name="tracking"),
]
