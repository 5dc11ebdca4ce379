"""The screens of product files: a file is checked first, imported when asked, and its problems are named."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shop.catalog.models import Product, ProductImport, Sku
from shop.catalog.tests.factories import NOW, make_category, staff_client
from shop.core import clock
from shop.core.models import StaffUser
from shop.core.outbox import deliver_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(StaffUser.objects.create_superuser("owner", password="x"))
    return client


def upload(client: Client, text: str, **fields: str):
    file = SimpleUploadedFile("茶.csv", text.encode("gbk"))
    return client.post(reverse("admin:catalog_productimport_add"), {"file": file, **fields}, follow=True)


def test_a_file_is_checked_then_imported(owner):
    make_category("茶叶")
    page = upload(owner, "商品编码,商品名称,分类,规格编码,售价\nT1,龙井,茶叶,S1,12.5\n")
    record = ProductImport.objects.get()
    assert (record.status, record.uploaded_by) == ("checked", "staff:owner")
    assert not Product.objects.exists()
    assert reverse("admin:catalog_productimport_import", args=[record.pk]) in page.content.decode()
    owner.post(reverse("admin:catalog_productimport_import", args=[record.pk]))
    record.refresh_from_db()
    assert record.status == "importing"
    assert not Product.objects.exists()
    deliver_due(now=clock.now() + timedelta(minutes=1))
    record.refresh_from_db()
    assert (record.status, record.content) == ("imported", None)
    assert Sku.objects.get().price_fen == 1250
    owner.post(reverse("admin:catalog_productimport_import", args=[record.pk]))
    assert Sku.objects.count() == 1


def test_a_file_with_problems_names_them_and_cannot_be_imported(owner):
    page = upload(owner, "商品编码,商品名称,分类,规格编码,售价\nT1,龙井,茶叶,S1,-5\n").content.decode()
    record = ProductImport.objects.get()
    assert (record.status, record.content) == ("refused", None)
    assert "售价(元)" in page
    owner.post(reverse("admin:catalog_productimport_import", args=[record.pk]))
    assert not Product.objects.exists()


def test_an_unreadable_file_is_refused_in_the_form(owner):
    response = owner.post(
        reverse("admin:catalog_productimport_add"), {"file": SimpleUploadedFile("a.xls", b"\xd0\xcf\x11\xe0....")}
    )
    assert response.status_code == 200
    assert "file" in response.context["adminform"].form.errors
    assert not ProductImport.objects.exists()


def test_importing_needs_the_permission_to_change_products():
    client = staff_client("view_productimport", "add_productimport", "view_product")
    assert client.get(reverse("admin:catalog_productimport_add")).status_code == 403
    record = ProductImport.objects.create(
        filename="a", content=b"x", status="checked", uploaded_by="staff:x", uploaded_at=NOW
    )
    assert client.post(reverse("admin:catalog_productimport_import", args=[record.pk])).status_code == 403


def test_the_template_can_be_downloaded(owner):
    response = owner.get(reverse("admin:catalog_productimport_download_template"))
    assert response.content[:4] == b"PK\x03\x04"
