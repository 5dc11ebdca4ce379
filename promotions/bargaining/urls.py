from django.urls import path

from promotions.bargaining.views import (
    AttemptCutsView,
    AttemptView,
    BargainAttemptsView,
    BargainsView,
    MyAttemptsView,
)

urlpatterns = [
    path("bargains", BargainsView.as_view(), name="bargains"),
    path("bargains/<int:bargain_id>/attempts", BargainAttemptsView.as_view(), name="bargain-attempts"),
    path("bargain-attempts/<int:attempt_id>", AttemptView.as_view(), name="bargain-attempt"),
    path("bargain-attempts/<int:attempt_id>/cuts", AttemptCutsView.as_view(), name="bargain-cuts"),
    path("me/bargain-attempts", MyAttemptsView.as_view(), name="my-bargain-attempts"),
]
