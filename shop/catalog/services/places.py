"""Categories and brands as product files name them: by name, by path (`食品/茶叶`) or by code."""

import hashlib
from collections.abc import Iterable

from django.utils.translation import gettext as _

from shop.catalog.models import Brand, Category
from shop.catalog.product_files.report import ImportReport

AMBIGUOUS = -1
SEPARATOR = "/"
MAX_NAME = 60
MAX_DEPTH = 5


class Places:
    """Finds categories and brands in memory; with `create_missing` it makes what is not there.

    Until `write` is True a missing one is only counted and stands in as 0.
    """

    def __init__(self, *, report: ImportReport, create_missing: bool, write: bool) -> None:
        self._report = report
        self._create_missing = create_missing
        self._write = write
        self._brands: dict[str, int] = {}
        self._categories: dict[str, int] = {}
        self._load()

    def category(self, name: str) -> int:
        """The category's id. Raises ValueError with a message for people."""
        path = SEPARATOR.join(part.strip() for part in name.strip(SEPARATOR).split(SEPARATOR))
        found = self._categories.get(path)
        if found == AMBIGUOUS:
            raise ValueError(
                _("Several categories are called “%(name)s”; write the path or the code.") % {"name": name}
            )
        if found is None:
            if not self._create_missing:
                raise ValueError(_("There is no category “%(name)s”.") % {"name": name})
            found = self._new_category(path)
        return found

    def brand(self, name: str) -> int:
        """The brand's id. Raises ValueError with a message for people."""
        found = self._brands.get(name)
        if found is None:
            if not self._create_missing:
                raise ValueError(_("There is no brand “%(name)s”.") % {"name": name})
            found = Brand.objects.create(name=name, slug=_slug("brand", name)).pk if self._write else 0
            self._brands[name] = found
            self._report.brands_created += 1
        return found

    def _load(self) -> None:
        for pk, name, slug in Brand.objects.values_list("pk", "name", "slug"):
            self._brands.setdefault(slug, pk)
            self._brands[name] = pk
        categories = list(Category.objects.order_by("path").values_list("pk", "path", "name", "slug"))
        paths = category_paths()
        # A path wins over a bare name, a bare name over a code.
        self._categories = {
            **{slug: pk for pk, _path, _name, slug in categories},
            **_unambiguous((name, pk) for pk, _path, name, _slug in categories),
            **_unambiguous((paths[pk], pk) for pk, *_rest in categories),
        }

    def _new_category(self, path: str) -> int:
        above, _separator, name = path.rpartition(SEPARATOR)
        if not 0 < len(name) <= MAX_NAME or path.count(SEPARATOR) >= MAX_DEPTH:
            raise ValueError(_("“%(name)s” cannot be the name of a category.") % {"name": name[:80]})
        parent_id = self.category(above) if above else None
        created = 0
        if self._write:
            category = Category(name=name, slug=_slug("category", path))
            if parent_id is None:
                Category.objects.add_root(instance=category)
            else:
                Category.objects.add_child(Category.objects.get(pk=parent_id), instance=category)
            created = category.pk
        self._categories[path] = created
        self._report.categories_created += 1
        return created


def category_paths() -> dict[int, str]:
    """The full path of each category, in one query: `食品/茶叶`."""
    paths: dict[int, str] = {}
    by_node: dict[str, str] = {}
    for pk, node, name in Category.objects.order_by("path").values_list("pk", "path", "name"):
        above = by_node.get(node[: -Category.steplen])
        paths[pk] = by_node[node] = f"{above}{SEPARATOR}{name}" if above else name
    return paths


def _unambiguous(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, pk in named:
        found[name] = AMBIGUOUS if name in found else pk
    return found


def _slug(prefix: str, name: str) -> str:
    return f"{prefix}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
