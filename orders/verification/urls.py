from django.urls import path

from orders.verification import views

urlpatterns = [
    path("verifications", views.VerificationsView.as_view()),
    path("verifications/preview", views.VerificationPreviewView.as_view()),
    path("verifications/<int:verification_id>/undo", views.UndoView.as_view()),
    path("staff/stores", views.StaffStoresView.as_view()),
    path("orders/<number:number>/pickup-code", views.PickupCodeView.as_view()),
]
