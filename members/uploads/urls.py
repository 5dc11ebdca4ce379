from django.urls import path

from members.uploads import views

urlpatterns = [path("uploads", views.UploadView.as_view(), name="uploads")]
