from django.urls import path

from promotions.lottery.views import DrawsView, LotteriesView, LotteryView, MyPrizesView, RevealView

urlpatterns = [
    path("lotteries", LotteriesView.as_view(), name="lotteries"),
    path("lotteries/<int:lottery_id>", LotteryView.as_view(), name="lottery"),
    path("lotteries/<int:lottery_id>/draws", DrawsView.as_view(), name="lottery-draws"),
    path("me/prizes", MyPrizesView.as_view(), name="my-prizes"),
    path("me/prizes/<int:draw_id>/reveal", RevealView.as_view(), name="my-prize-reveal"),
]
