from django.urls import path

from points.accounts import views

urlpatterns = [
    path("points", views.PointsView.as_view(), name="points"),
    path("points/entries", views.EntriesView.as_view(), name="point-entries"),
]
