from django.urls import path

from shop.catalog import views

urlpatterns = [
    path("bootstrap", views.BootstrapView.as_view()),
    path("categories", views.CategoryTreeView.as_view()),
    path("brands", views.BrandListView.as_view()),
    path("collections", views.CollectionListView.as_view()),
    path("collections/<int:collection_id>", views.CollectionDetailView.as_view()),
    path("products", views.ProductListView.as_view()),
    path("products/<int:product_id>", views.ProductDetailView.as_view()),
    path("products/<int:product_id>/related", views.RelatedProductsView.as_view()),
]
