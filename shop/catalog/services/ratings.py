"""What buyers think of products, told by the room above that keeps their reviews. Building blocks."""

from shop.catalog.cache import touch_stock
from shop.catalog.models import Product

FIVE_STARS = 5
# Basis points of five stars.
_WHOLE = 10_000


def set_rating(*, product_id: int, stars: int, reviews: int) -> None:
    """The product has so many reviews with so many stars together; the mean is rounded half up."""
    mean_bp = (2 * stars * _WHOLE // FIVE_STARS + reviews) // (2 * reviews) if reviews else 0
    Product.objects.filter(pk=product_id).update(rating_bp=mean_bp, review_count=reviews)
    reviews_changed(product_id=product_id)


def reviews_changed(*, product_id: int) -> None:
    """Something that fronts show of the product's reviews has changed. Lists ordered by rating follow within a minute,
    as those by sales do."""
    touch_stock([product_id])
