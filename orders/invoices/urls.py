from django.urls import path

from orders.invoices import views

urlpatterns = [
    path("me/invoices", views.MyInvoicesView.as_view()),
    path("me/invoice-titles", views.InvoiceTitlesView.as_view()),
    path("me/invoice-titles/<int:title_id>", views.InvoiceTitleView.as_view()),
    path("orders/<number:number>/invoice", views.OrderInvoiceView.as_view()),
    path("orders/<number:number>/invoice/file", views.InvoiceFileView.as_view()),
]
