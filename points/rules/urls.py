from django.urls import path

from points.rules.views import GuideView

urlpatterns = [path("points/guide", GuideView.as_view(), name="points-guide")]
