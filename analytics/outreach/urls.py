from django.urls import path

from analytics.outreach import views

urlpatterns = [
    path("staff/analytics/outreach", views.PlansView.as_view()),
    path("staff/analytics/outreach/<int:plan_id>", views.PlanResultView.as_view()),
]
