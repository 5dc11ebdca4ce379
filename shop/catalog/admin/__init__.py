"""The merchant's screens of the catalogue. Whatever is saved here ends in the same building blocks as the services."""

from shop.catalog.admin import brands, categories, collections, imports, products, skus, stock

__all__ = ["brands", "categories", "collections", "imports", "products", "skus", "stock"]
