"""Who leaves takes their words and pictures along; the stars stay, of nobody."""

from orders.reviews.models import FollowUp, Review
from orders.reviews.services.showing import without_pictures
from shop.catalog.services.ratings import reviews_changed


def erase_words(*, member_id: int) -> int:
    """Inside the caller's transaction; their pictures are discarded with all their others. Returns how many reviews."""
    FollowUp.objects.filter(review__member_id=member_id).delete()
    reviews = list(
        Review.objects.filter(member_id=member_id).order_by("pk").select_for_update(no_key=True, of=("self",))
    )
    for review in sorted(reviews, key=lambda each: each.product_id):
        without_pictures(review)
        reviews_changed(product_id=review.product_id)
    return Review.objects.filter(member_id=member_id).update(content="", pictures=[], is_anonymous=True)
