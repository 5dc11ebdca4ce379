"""What campaigns do when the catalogue changes."""

from promotions.campaigns import version
from shop.catalog.cache import EVERYTHING
from shop.catalog.facts import CatalogChanged
from shop.core.events import subscribe


@subscribe(CatalogChanged, only=lambda fact: fact.shared == EVERYTHING)
def look_at_categories_anew(fact: CatalogChanged) -> None:
    """Scopes in memory name categories by their place in the tree."""
    version.bump()
