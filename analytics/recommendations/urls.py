from django.urls import path

from analytics.recommendations import views

urlpatterns = [
    path("recommendations", views.RecommendationsView.as_view()),
    path("me/recommendations", views.PersonalChoiceView.as_view()),
]
