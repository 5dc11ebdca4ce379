"""Orders for tests of any room, made as members make them: over HTTP."""

import uuid
from typing import Any

from rest_framework.response import Response
from rest_framework.test import APIClient

from members.identity.models import Member
from members.identity.tests.factories import AddressFactory, client_for
from orders.checkout.models import Order
from shop.catalog.models import Sku, SkuStock


def items(*wanted: tuple[Sku, int]) -> list[dict[str, int]]:
    return [{"sku_id": sku.pk, "quantity": quantity} for sku, quantity in wanted]


def quote(client: APIClient, body: dict[str, Any]) -> Response:
    return client.post("/api/v1/checkout/quote", body)


def place(client: APIClient, body: dict[str, Any], *, key: str | None = None) -> Response:
    """A key of its own for each call unless told."""
    return client.post("/api/v1/orders", body, headers={"Idempotency-Key": key or uuid.uuid4().hex})


def buyer(member: Member) -> APIClient:
    """`member`, signed in, with an address."""
    AddressFactory(member=member)
    return client_for(member)


def ordered(client: APIClient, *wanted: tuple[Sku, int]) -> Order:
    """An unpaid order of these SKUs, placed by `client`."""
    answer = place(client, {"items": items(*wanted)})
    assert answer.status_code == 201, answer.content
    return Order.objects.get(number=answer.json()["number"])


def stock(sku: Sku) -> tuple[int, int]:
    """(available, reserved)."""
    row = SkuStock.objects.get(sku=sku)
    return row.available, row.reserved
