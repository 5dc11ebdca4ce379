"""The category tree, and names that products show: changing them reaches every product that shows them."""

from django.db import transaction
from django.db.models import QuerySet

from shop.catalog.cache import touch_listing
from shop.catalog.errors import CategoryInsideItself
from shop.catalog.models import Brand, Category, Product
from shop.catalog.services.changes import products_changed

BATCH = 1000
EDITABLE = ("name", "name_en", "slug", "image", "is_active")


def save_category(*, category: Category, parent_id: int | None) -> Category:
    """Create or change a category and put it under `parent_id` (None for the top); inside the caller's transaction.

    Only columns that people edit are written: the place in the tree belongs to the tree. Raises CategoryInsideItself.
    """
    parent = Category.objects.get(pk=parent_id) if parent_id else None
    if category.pk is None:
        if parent is None:
            Category.objects.add_root(instance=category)
        else:
            Category.objects.add_child(parent, instance=category)
    else:
        category.save(update_fields=EDITABLE)
        _put_under(category, parent)
    category.refresh_from_db()
    category_changed(category=category)
    return category


@transaction.atomic
def move_category(*, category: Category, up: bool) -> bool:
    """Swap a category with its neighbour; False at the end of the row."""
    siblings = list(Category.objects.get_siblings(category))
    place = next(index for index, each in enumerate(siblings) if each.pk == category.pk) + (-1 if up else 1)
    if not 0 <= place < len(siblings):
        return False
    Category.objects.move(category, siblings[place], "left" if up else "right")
    touch_listing()
    return True


def category_changed(*, category: Category) -> None:
    """Bring everything that shows or is found by this category up to date; inside the caller's transaction."""
    _changed(Product.objects.filter(category__path__startswith=category.path))


def brand_changed(*, brand: Brand) -> None:
    """Bring everything that shows or is found by this brand up to date; inside the caller's transaction."""
    _changed(Product.objects.filter(brand=brand))


def _changed(products: QuerySet[Product]) -> None:
    ids = list(products.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        products_changed(product_ids=ids[start : start + BATCH])
    touch_listing()


def _put_under(category: Category, parent: Category | None) -> None:
    present = Category.objects.get_parent(category)
    if (present.pk if present else None) == (parent.pk if parent else None):
        return
    if parent is None:
        Category.objects.move(category, Category.objects.get_last_root_node(), "right")
    elif parent.path.startswith(category.path):
        raise CategoryInsideItself
    else:
        Category.objects.move(category, parent, "last-child")
