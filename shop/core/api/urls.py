from django.urls import path

from shop.core.api import views

urlpatterns = [path("ping", views.PingView.as_view())]
