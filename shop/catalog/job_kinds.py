"""Product files, as the job centre shows them."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop.catalog.facts import ProductFileConfirmed
from shop.catalog.models import ProductImport
from shop.catalog.product_files.columns import column_named
from shop.core.formulas import harmless
from shop.core.job_centre import JobKind, Progress, State

STATES = {
    ProductImport.Status.CHECKED: State.ASKS,
    ProductImport.Status.IMPORTING: State.RUNNING,
    ProductImport.Status.REFUSED: State.FAILED,
    ProductImport.Status.IMPORTED: State.DONE,
}


def _of_import(upload: ProductImport) -> Progress:
    """All of a file is imported or nothing of it, so nobody stops it half-way."""
    said = _("{count} rows").format(count=f"{upload.report.get('rows', 0):,}")
    return Progress(
        STATES[ProductImport.Status(upload.status)],
        refused=upload.report.get("problem_count", len(_problems(upload))),
        said=f"{upload.get_status_display()} · {said}",
    )


def _problems(upload: ProductImport) -> list[dict[str, Any]]:
    return list(upload.report.get("problems", []))


def _refusals(upload: ProductImport) -> Iterator[list[str]]:
    yield [_("row"), _("column"), _("reason")]
    for each in _problems(upload):
        heading = getattr(column_named(each["column"]), "heading", each["column"])
        yield [str(each["row"]), str(heading), harmless(each["message"])]


KINDS = [
    JobKind(
        name="product-import",
        title=gettext_lazy("Import products"),
        model=ProductImport,
        asked_at="uploaded_at",
        asked_by="uploaded_by",
        progress=_of_import,
        acts_with=["catalog.add_productimport", "catalog.add_product", "catalog.change_product"],
        refusals=_refusals,
        goes_on=(ProductFileConfirmed, "import_id"),
        left_out=["content"],
    )
]
