from django.urls import path

from orders.reviews import views

urlpatterns = [
    path("products/<int:product_id>/reviews", views.ProductReviewsView.as_view(), name="product-reviews"),
    path("orders/<number:number>/reviews", views.OrderReviewsView.as_view(), name="order-reviews"),
    path("me/reviews", views.OwnReviewsView.as_view(), name="own-reviews"),
    path("me/reviews/<int:review_id>", views.ReviewView.as_view(), name="own-review"),
    path("me/reviews/<int:review_id>/follow-up", views.FollowUpView.as_view(), name="review-follow-up"),
]
