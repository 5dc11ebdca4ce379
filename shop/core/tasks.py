"""Thin tasks of the core: each calls one service."""

from celery import shared_task

from shop.core import outbox


@shared_task(name=outbox.DELIVER_TASK)
def deliver_outbox_task(entry_ids: list[int]) -> None:
    outbox.deliver(entry_ids=entry_ids)
