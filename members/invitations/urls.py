from django.urls import path

from members.invitations.views import InvitationListView, ShareCardView

urlpatterns = [
    path("me/invitations", InvitationListView.as_view(), name="invitations"),
    path("me/share-card", ShareCardView.as_view(), name="share-card"),
]
