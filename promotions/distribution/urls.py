from django.urls import path

from promotions.distribution import views

urlpatterns = [
    path("distribution", views.SummaryView.as_view(), name="distribution"),
    path("distribution/join", views.JoinView.as_view(), name="distribution-join"),
    path("distribution/visits", views.VisitView.as_view(), name="distribution-visits"),
    path("distribution/commissions", views.CommissionListView.as_view(), name="distribution-commissions"),
    path("distribution/entries", views.EntryListView.as_view(), name="distribution-entries"),
    path("distribution/customers", views.CustomerListView.as_view(), name="distribution-customers"),
    path("distribution/withdrawals", views.WithdrawalListView.as_view(), name="distribution-withdrawals"),
    path("distribution/withdrawals/<number:number>", views.WithdrawalView.as_view(), name="distribution-withdrawal"),
    path("distribution/withdrawals/<number:number>/cancel", views.WithdrawalCancelView.as_view()),
    path("distribution/leaderboard", views.LeaderboardView.as_view(), name="distribution-leaderboard"),
    path("distribution/code", views.CodeView.as_view(), name="distribution-code"),
    path("distribution/payouts/notify", views.PayoutNotifyView.as_view(), name="distribution-payout-notify"),
]
