from django.urls import path

from analytics.traffic import views

urlpatterns = [
    path("staff/analytics/overview", views.OverviewView.as_view(), name="analytics-overview"),
    path("staff/analytics/traffic", views.TrafficView.as_view(), name="analytics-traffic"),
    path("staff/analytics/heatmap", views.HeatView.as_view(), name="analytics-heatmap"),
]
