"""Product files that staff upload: checked at once, imported when confirmed, remembered with their report."""

import io
from datetime import datetime, timedelta

from shop.catalog.errors import ImportConflict
from shop.catalog.facts import ProductFileConfirmed
from shop.catalog.models import ProductImport
from shop.catalog.product_files.report import ImportReport
from shop.catalog.services.imports import import_products
from shop.core.actors import Actor
from shop.core.errors import NotFound
from shop.core.outbox import publish
from shop.core.transactions import use_case

KEEP_CONTENT = timedelta(days=2)
Status = ProductImport.Status


def check_product_file(
    *, content: bytes, filename: str, create_missing: bool, actor: Actor, now: datetime
) -> ProductImport:
    """What an uploaded file would do or why it cannot, not yet saved. Raises ImportFileNotReadable."""
    report = import_products(
        file=io.BytesIO(content), filename=filename, actor=actor, now=now, dry_run=True, create_missing=create_missing
    )
    return ProductImport(
        filename=filename[:200],
        content=content if report.clean else None,
        create_missing=create_missing,
        status=ProductImport.Status.CHECKED if report.clean else ProductImport.Status.REFUSED,
        report=report.stored(),
        uploaded_by=str(actor)[:160],
        uploaded_at=now,
    )


@use_case
def confirm_file(*, import_id: int, actor: Actor, now: datetime) -> None:
    """Have a file imported that was checked, in the background. Raises NotFound when there is nothing to import."""
    checked = ProductImport.objects.filter(pk=import_id, status=Status.CHECKED, content__isnull=False)
    if not checked.update(status=Status.IMPORTING):
        raise NotFound
    publish(ProductFileConfirmed(import_id=import_id, by=actor.name, at=now))


def import_checked_file(*, import_id: int, actor: Actor, now: datetime) -> ImportReport:
    """Import a file that was checked, once; it is checked again, as products may have changed meanwhile.

    Raises NotFound when there is nothing left to import, ImportConflict when products change during the import.
    """
    waiting = ProductImport.objects.filter(
        pk=import_id, status__in=[Status.CHECKED, Status.IMPORTING], content__isnull=False
    )
    upload = waiting.first()
    if upload is None or upload.content is None:
        raise NotFound
    report = import_products(
        file=io.BytesIO(bytes(upload.content)),
        filename=upload.filename,
        actor=actor,
        now=now,
        dry_run=False,
        create_missing=upload.create_missing,
    )
    status = Status.IMPORTED if report.imported else Status.REFUSED
    changed = waiting.update(
        status=status, report=report.stored(), content=None, imported_at=now if report.imported else None
    )
    if not changed:
        raise ImportConflict
    return report


def forget_old_files(*, now: datetime) -> int:
    """Drop the content of files that nobody confirmed; returns how many."""
    old = ProductImport.objects.filter(content__isnull=False, uploaded_at__lt=now - KEEP_CONTENT)
    return old.update(content=None)
