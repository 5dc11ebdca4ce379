from django.urls import path

from analytics.reports import views

urlpatterns = [
    path("staff/analytics/summary", views.SummaryView.as_view(), name="analytics-summary"),
    path("staff/analytics/reports", views.ReportsView.as_view(), name="analytics-reports"),
    path("staff/analytics/reports/<int:report_id>", views.ReportView.as_view(), name="analytics-report"),
]
