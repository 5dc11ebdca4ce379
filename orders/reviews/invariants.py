"""Laws of reviews on live data."""

from django.db import connection

_TALLIES = """
WITH counted AS (
    SELECT product_id, count(*) AS n, sum(rating) AS stars, count(*) FILTER (WHERE pictures <> '{}') AS pictures
    FROM reviews_review WHERE status = 'approved' AND NOT is_default GROUP BY product_id
)
SELECT coalesce(t.product_id, c.product_id),
    coalesce(star_1 + star_2 + star_3 + star_4 + star_5, 0),
    coalesce(star_1 + 2 * star_2 + 3 * star_3 + 4 * star_4 + 5 * star_5, 0), coalesce(with_pictures, 0),
    coalesce(c.n, 0), coalesce(c.stars, 0), coalesce(c.pictures, 0)
FROM reviews_reviewtally t FULL JOIN counted c USING (product_id)
"""
_RATINGS = """
SELECT p.code, p.review_count, p.rating_bp, coalesce(t.n, 0), coalesce(t.stars, 0)
FROM catalog_product p LEFT JOIN (
    SELECT product_id, star_1 + star_2 + star_3 + star_4 + star_5 AS n,
        star_1 + 2 * star_2 + 3 * star_3 + 4 * star_4 + 5 * star_5 AS stars
    FROM reviews_reviewtally
) t ON t.product_id = p.id
WHERE p.review_count <> coalesce(t.n, 0)
    OR p.rating_bp <> CASE WHEN coalesce(t.n, 0) = 0 THEN 0 ELSE round(t.stars * 2000::numeric / t.n) END
"""
_UNMARKED = """
SELECT line.id, review.id FROM checkout_orderline line FULL JOIN reviews_review review ON review.line_id = line.id
WHERE (line.reviewed_at IS NULL) <> (review.id IS NULL OR review.status = 'rejected')
"""
_LOOSE_PICTURES = """
SELECT review.id, picture.id FROM reviews_review review CROSS JOIN LATERAL unnest(review.pictures) AS picture (id)
LEFT JOIN uploads_upload upload ON upload.id = picture.id AND upload.used_for = 'review:' || review.line_id
WHERE upload.id IS NULL OR upload.is_public <> (review.status = 'approved')
"""


def tallies_are_what_was_written() -> list[str]:
    return [
        f"product {pk}: counted {n} reviews, {stars} stars, {pictures} with pictures; there are {m}, {real}, {shown}"
        for pk, n, stars, pictures, m, real, shown in _rows(_TALLIES)
        if (n, stars, pictures) != (m, real, shown)
    ]


def products_have_the_rating_of_their_reviews() -> list[str]:
    return [
        f"product {code}: {n} reviews at {bp} bp, its reviews are {real} with {stars} stars"
        for code, n, bp, real, stars in _rows(_RATINGS)
    ]


def a_line_is_marked_when_it_is_reviewed() -> list[str]:
    return [f"line {line} and review {review} do not know of each other" for line, review in _rows(_UNMARKED)]


def pictures_are_seen_with_their_review() -> list[str]:
    return [
        f"review {review}: picture {picture} is not its own, or not shown with it"
        for review, picture in _rows(_LOOSE_PICTURES)
    ]


LAWS = (
    tallies_are_what_was_written,
    products_have_the_rating_of_their_reviews,
    a_line_is_marked_when_it_is_reviewed,
    pictures_are_seen_with_their_review,
)


def _rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
