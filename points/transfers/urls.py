from django.urls import path

from points.transfers import views

urlpatterns = [
    path("points/transfers", views.TransferListView.as_view(), name="transfers"),
    path("points/transfers/<int:transfer_id>/accept", views.AcceptView.as_view(), name="transfer-accept"),
    path("points/transfers/<int:transfer_id>/decline", views.DeclineView.as_view(), name="transfer-decline"),
    path("points/transfers/<int:transfer_id>/withdraw", views.WithdrawView.as_view(), name="transfer-withdraw"),
]
