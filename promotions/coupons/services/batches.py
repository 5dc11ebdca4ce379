"""Batches of redemption codes: made, exported once while they are drawn, made void."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from django.db import connection, transaction

from promotions.coupons.errors import CodeBatchNotExportable, CodesBeyondTotal, TemplateHasNoCodes
from promotions.coupons.models import Code, CodeBatch, CouponTemplate
from promotions.coupons.models.codes import TRANSITIONS, BatchStatus
from promotions.coupons.queries import promised_by_codes
from promotions.coupons.redemption_codes import hash_of, new_code, shown
from shop.core.actors import Actor
from shop.core.state import check_transition
from shop.core.transactions import use_case

AT_ONCE = 5_000


@use_case
def create_batch(
    *, template_id: int, name: str, quantity: int, expires_at: datetime | None, actor: Actor, now: datetime
) -> CodeBatch:
    """No more codes are about than coupons are left: whoever has a code has been promised one.

    Raises TemplateHasNoCodes where the template is not redeemed with codes, CodesBeyondTotal.
    """
    # Who redeems a code counts here first: while this is held, what is claimed and what is promised fit each other.
    template = CouponTemplate.objects.select_for_update(no_key=True).get(pk=template_id)
    if template.way != CouponTemplate.Way.CODES:
        raise TemplateHasNoCodes
    if template.left is not None:
        room = template.left - promised_by_codes(template.pk, now=now)
        if quantity > room:
            raise CodesBeyondTotal(room=max(room, 0), total=template.total_limit)
    return CodeBatch.objects.create(
        template=template,
        name=name,
        quantity=quantity,
        expires_at=expires_at,
        created_by=str(actor)[:80],
        created_at=now,
    )


def export_batch(*, batch_id: int, actor: Actor, now: datetime) -> Iterator[str]:
    """Draw the codes and give them out, a line each, in chunks; memory does not grow with their number.

    Each chunk's hashes are committed before its codes leave. Codes are good once the last one has left: a download that
    breaks off leaves a batch that redeems nothing and is made void. Raises CodeBatchNotExportable, at once.
    """
    batch = _begin(batch_id=batch_id, actor=actor, now=now)
    return _draw(batch)


@use_case
def void_batch(*, batch_id: int, reason: str, actor: Actor, now: datetime) -> CodeBatch:
    """None of its codes is good any more; what was redeemed stays. Raises IllegalTransition."""
    batch = CodeBatch.objects.select_for_update(no_key=True).get(pk=batch_id)
    check_transition(TRANSITIONS, current=batch.status, target=BatchStatus.VOID)
    batch.status, batch.voided_by, batch.void_reason = BatchStatus.VOID, str(actor)[:80], reason[:200]
    batch.save(update_fields=["status", "voided_by", "void_reason"])
    return batch


@use_case
def _begin(*, batch_id: int, actor: Actor, now: datetime) -> CodeBatch:
    new = CodeBatch.objects.filter(pk=batch_id, status=BatchStatus.NEW)
    if not new.update(status=BatchStatus.EXPORTING, exported_by=str(actor)[:80], exported_at=now):
        raise CodeBatchNotExportable
    return CodeBatch.objects.get(pk=batch_id)


def _draw(batch: CodeBatch) -> Iterator[str]:
    left = batch.quantity
    while left:
        codes = [new_code() for _ in range(min(left, AT_ONCE))]
        left -= len(codes)
        with transaction.atomic(durable=True):
            _keep(batch.pk, codes)
        yield "".join(f"{shown(code)}\r\n" for code in codes)
    CodeBatch.objects.filter(pk=batch.pk, status=BatchStatus.EXPORTING).update(status=BatchStatus.LIVE)


def _keep(batch_id: int, codes: list[str]) -> None:
    table = Code._meta.db_table
    rows = StringIO("".join(f"{batch_id}\t\\\\x{hash_of(code).hex()}\n" for code in codes))
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} (batch_id, code_hash) FROM STDIN", rows)
