from django.urls import path

from shop.staff import views

urlpatterns = [
    path("staff/auth/login", views.StaffLoginView.as_view()),
    path("staff/auth/refresh", views.StaffRefreshView.as_view()),
    path("staff/auth/logout", views.StaffLogoutView.as_view()),
    path("staff/me", views.StaffMeView.as_view()),
]
