from django.urls import path

from orders.verification.page import store_page

urlpatterns = [path("", store_page, name="store-page")]
