from django.urls import path

from promotions.group_buy.views import GroupBuysView, GroupBuyView, OpenTeamsView, TeamView

urlpatterns = [
    path("group-buys", GroupBuysView.as_view(), name="group-buys"),
    path("group-buys/<int:group_buy_id>", GroupBuyView.as_view(), name="group-buy"),
    path("group-buys/<int:group_buy_id>/teams", OpenTeamsView.as_view(), name="group-buy-teams"),
    path("teams/<int:team_id>", TeamView.as_view(), name="team"),
]
