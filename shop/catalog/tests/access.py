from members.identity.models import Member
from shop.catalog.tests.factories import CollectionFactory, SkuFactory
from tests.access import Door, Thing, Who


def a_product(_member: Member) -> Thing:
    product = SkuFactory().product
    return Thing({"product_id": product.pk}, product)


def a_collection(_member: Member) -> Thing:
    collection = CollectionFactory()
    return Thing({"collection_id": collection.pk}, collection)


DOORS = (
    Door("GET", "bootstrap", Who.ANYBODY),
    Door("GET", "categories", Who.ANYBODY),
    Door("GET", "brands", Who.ANYBODY),
    Door("GET", "collections", Who.ANYBODY),
    Door("GET", "collections/<int:collection_id>", Who.ANYBODY, a_collection),
    Door("GET", "products", Who.ANYBODY),
    Door("GET", "products/<int:product_id>", Who.ANYBODY, a_product),
    Door("GET", "products/<int:product_id>/related", Who.ANYBODY, a_product),
)
