"""Each kind of staff sees its work in the admin and nothing else, with the roles that a new shop starts with."""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, screen_permissions, seed_roles
from shop.settings.navigation import NAVIGATION
from shop.settings.roles import ROLES

pytestmark = pytest.mark.django_db

# The page of the store is outside of the admin and has a sign-in of its own.
LINKS = [str(item["link"]) for group in NAVIGATION for item in group["items"]][1:]
SCREENS = [link for link in LINKS if link.startswith("/admin/")]
EVERYBODY = {"/admin/core/jobrun/centre/", "/admin/guide/"}
LOGISTICS = {
    "/admin/shipments/shipment/",
    "/admin/allocation/allocationpolicy/",
    "/admin/allocation/fulfilmentrequest/",
    "/admin/allocation/planninground/",
    "/admin/network/warehousestock/",
    "/admin/network/stockmovement/",
    "/admin/network/stocktransfer/",
    "/admin/network/warehouse/",
    "/admin/network/store/",
    "/admin/carriers/carrier/",
    "/admin/carriers/carrierchoice/",
    "/admin/workbench/bulkwork/",
    "/admin/after_sales/aftersale/",
}
ORDERS = {
    "/admin/after_sales/aftersale/",
    "/admin/checkout/deposit/",
    "/admin/checkout/order/",
    "/admin/payments/payment/",
    "/admin/payments/refund/",
    "/admin/invoices/invoice/",
    "/admin/workbench/orderexport/",
    "/admin/workbench/pricechange/",
    "/admin/reconciliation/reconciliation/",
    "/admin/reconciliation/difference/",
}
PROMOTIONS = {
    "/admin/promotion_checkout/promotionclaim/",
    "/admin/distribution/distributor/",
    "/admin/distribution/distributorgrade/",
    "/admin/distribution/productrate/",
    "/admin/distribution/binding/",
    "/admin/distribution/sale/",
    "/admin/distribution/commission/",
    "/admin/distribution/withdrawal/",
    "/admin/distribution/leaderboard/",
    "/admin/distribution/rankaward/",
    "/admin/distribution/awardcorrection/",
    "/admin/distribution/commissionaccount/",
    "/admin/distribution/commissionentry/",
}
REPORTS = {"/admin/reports/report/overview/", "/admin/reports/report/"}
POINTS = {
    "/admin/accounts/ledgerproof/",
    "/admin/ledger/expirypolicy/",
    "/admin/ledger/manualgrant/",
    "/admin/ledger/pointaccount/",
    "/admin/ledger/pointentry/",
    "/admin/ledger/pointlot/",
    "/admin/ledger/pointtransaction/",
}
AUDIT = {"/admin/admin/logentry/", "/admin/admin/logentry/search/"}
FINANCE = ORDERS | POINTS | PROMOTIONS | REPORTS | AUDIT


@pytest.fixture
def accounts(db):
    seed_roles()
    return {user.username: user for user in create_role_accounts(password="red-lantern-8")}


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def opened(client):
    return {screen for screen in SCREENS if client.get(screen).status_code == 200}


def linked(client):
    page = client.get(reverse("admin:index")).content.decode()
    return {screen for screen in SCREENS if re.search(rf'href="{screen}"', page)}


@pytest.mark.parametrize(("account", "expected"), [("warehouse", LOGISTICS), ("finance", FINANCE)])
def test_staff_see_their_own_work_only(accounts, account, expected):
    client = client_of(accounts[account])
    assert opened(client) == linked(client) == expected | EVERYBODY
    refused = set(SCREENS) - expected - EVERYBODY
    assert {client.get(screen).status_code for screen in refused} == {403}


def test_the_warehouse_books_stock_and_ships_but_does_not_change_carriers(accounts):
    client = client_of(accounts["warehouse"])
    assert client.get("/admin/network/warehousestock/receive/").status_code == 200
    assert client.get("/admin/carriers/carrier/add/").status_code == 403
    assert client.post("/admin/carriers/carrier/add/", {"code": "X", "name": "X"}).status_code == 403


def test_the_owner_opens_every_screen_without_being_a_superuser(accounts):
    assert not accounts["owner"].is_superuser
    assert opened(client_of(accounts["owner"])) == set(SCREENS)


def test_an_analyst_looks_and_changes_nothing(accounts):
    codenames = {permission.split(".")[1].partition("_")[0] for permission in accounts["analyst"].get_all_permissions()}
    assert codenames == {"view"}


def test_every_grant_of_every_role_names_something(accounts):
    there = {permission.content_type.app_label for permission in screen_permissions()}
    models = {f"{each.content_type.app_label}.{each.content_type.model}" for each in screen_permissions()}
    assert {grant for role in ROLES for grant in role.grants} <= there | models


def test_roles_stay_as_the_merchant_made_them(accounts):
    warehouse = Group.objects.get(name="仓储")
    warehouse.permissions.clear()
    assert seed_roles() == []
    assert create_role_accounts(password="other-lantern-9") == []
    assert (warehouse.permissions.count(), StaffUser.objects.count()) == (0, len(ROLES))


def test_permissions_are_offered_in_chinese(admin_client):
    page = admin_client.get(reverse("admin:auth_group_add"), headers={"accept-language": "zh-CN"}).content.decode()
    assert "发货单 · 查看" in page
    assert "Can view" not in page


def test_staff_switch_the_language_of_the_admin(admin_client):
    home = reverse("admin:index")
    chinese = admin_client.get(home, headers={"accept-language": "zh-CN"}).content.decode()
    assert "商品导入" in chinese
    assert "English" in chinese
    admin_client.post(reverse("set_language"), {"language": "en", "next": home})
    english = admin_client.get(home, headers={"accept-language": "zh-CN"}).content.decode()
    assert "Product import" in english
    assert "商品导入" not in english


def test_the_sign_in_page_bears_the_shops_name_and_lantern(client):
    page = client.get(reverse("admin:login"), headers={"accept-language": "zh-CN"}).content.decode()
    assert "欢迎回到" in page
    assert "Lantern" in page
    assert "lantern/lantern.svg" in page
