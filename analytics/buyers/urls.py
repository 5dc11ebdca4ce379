from django.urls import path

from analytics.buyers import views

urlpatterns = [
    path("staff/analytics/segments", views.SegmentsView.as_view()),
    path("staff/analytics/points-flow", views.PointsFlowView.as_view()),
    path("staff/analytics/leaderboard", views.LeaderboardView.as_view()),
    path("staff/analytics/cohorts", views.CohortsView.as_view()),
    path("staff/analytics/campaigns", views.CampaignsView.as_view()),
]
