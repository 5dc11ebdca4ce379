"""Which products are billed by which template."""

from django.db import transaction

from logistics.freight.models import FreightTemplate, ProductFreight
from logistics.freight.queries import KNOWN
from shop.catalog.models import Category, Product
from shop.core.transactions import use_case


@use_case
def bill_category(*, template_id: int, category_id: int) -> int:
    """All products of a category and of those below it go by the template from now on; returns how many those are. By
    the default template they go when they have none of their own."""
    template = FreightTemplate.objects.get(pk=template_id)
    categories = Category.objects.get_tree(Category.objects.get(pk=category_id))
    products = list(Product.objects.filter(category__in=categories).order_by("pk").values_list("pk", flat=True))
    if template.is_default:
        ProductFreight.objects.filter(product__in=products).delete()
    else:
        ProductFreight.objects.bulk_create(
            (ProductFreight(product_id=product_id, template=template) for product_id in products),
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["product"],
            update_fields=["template"],
        )
    transaction.on_commit(KNOWN.forget)
    return len(products)
