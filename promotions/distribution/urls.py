from django.urls import path

from promotions.distribution import views

urlpatterns = [
    path("distribution", views.SummaryView.as_view(), name="distribution"),
    path("distribution/join", views.JoinView.as_view(), name="distribution-join"),
    path("distribution/visits", views.VisitView.as_view(), name="distribution-visits"),
    path("distribution/commissions", views.CommissionListView.as_view(), name="distribution-commissions"),
    path("distribution/entries", views.EntryListView.as_view(), name="distribution-entries"),
    path("distribution/customers", views.CustomerListView.as_view(), name="distribution-customers"),
]
