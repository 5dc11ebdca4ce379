from django.urls import path

from analytics.funnel import views

urlpatterns = [path("staff/analytics/funnel", views.FunnelView.as_view(), name="analytics-funnel")]
