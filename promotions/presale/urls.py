from django.urls import path

from promotions.presale.views import PresalesView, PresaleView

urlpatterns = [
    path("presales", PresalesView.as_view(), name="presales"),
    path("presales/<int:presale_id>", PresaleView.as_view(), name="presale"),
]
