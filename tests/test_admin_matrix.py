"""Every address of the admin for every role: it opens for whom its permission is granted to, and is 403 for others.

Never an error, never a way round in circles. What a home leads to is opened on demo data in
`tests/browser/test_roles_home.py`.
"""

import pytest
from django.contrib import admin
from django.test import Client

from promotions.discounts.models import TimedDiscount
from shop.core import clock
from shop.core.job_centre import kinds_for
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles
from shop.settings.roles import ROLES
from tests.admin_addresses import Address, addresses
from tests.admin_pages import JOBS, LOOKS_FIRST, PAGES, POSTED, SHUT

pytestmark = pytest.mark.django_db

# Of an object that there is not, its history says so to everybody.
STANDARD = [each for each in addresses() if each.kind and each.kind != "history"]
OWN = [each for each in addresses() if not each.kind]
VERSIONS = {each.name for each in OWN if each.name.endswith("_simple_history")}
MODELS = {
    f"{each._meta.app_label}_{each._meta.model_name}": (each._meta.app_label, each._meta.model_name)
    for each in admin.site._registry
}
ACCOUNTS = [role.account for role in ROLES]
# There is no object: a form sends home and says so, a page of the room's own is not there.
ANSWERS = {
    "changelist": {200},
    # A reward is of a kind, which is asked first.
    "add": {200, 302},
    # A report is looked for first.
    "change": {302, 404},
    "delete": {302},
}


@pytest.fixture
def sign_in():
    seed_roles()
    users = {user.username: user for user in create_role_accounts(password="red-lantern-8")}
    users["everybody"] = StaffUser.objects.create_superuser("everybody", password="red-lantern-8")

    def client_of(account: str) -> tuple[Client, StaffUser]:
        client = Client(raise_request_exception=False)
        client.force_login(users[account])
        return client, users[account]

    return client_of


def allowed(user: StaffUser, address: Address) -> bool:
    """By the permissions of the role alone; whether the screen has such a page at all is asked of a superuser."""
    app, model = MODELS[address.model]
    may = {verb: user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "add", "change", "delete")}
    sees = may["view"] or may["change"]
    return {"changelist": sees, "add": may["add"], "change": sees, "delete": may["delete"]}[address.kind]


def test_every_page_is_declared_once():
    named = {each.name for each in OWN} - VERSIONS
    assert named == {*PAGES, *SHUT, *LOOKS_FIRST, *POSTED, JOBS}
    assert len(named) == len(PAGES) + len(SHUT) + len(LOOKS_FIRST) + len(POSTED) + 1


@pytest.mark.parametrize("account", ACCOUNTS)
def test_lists_and_forms_open_for_whom_they_are_granted_to(sign_in, account):
    (everybody, _boss), (client, user) = sign_in("everybody"), sign_in(account)
    wrong = {}
    for each in STANDARD:
        got = client.get(each.path).status_code
        expected = ANSWERS[each.kind] if allowed(user, each) else {403}
        if got not in expected and not (got == 403 and everybody.get(each.path).status_code == 403):
            wrong[each.path] = (got, expected)
    assert wrong == {}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_pages_of_the_rooms_open_for_whom_they_are_declared_for(sign_in, account):
    client, user = sign_in(account)
    wrong = {}
    for each in OWN:
        got = client.get(each.path).status_code
        if each.name in PAGES:
            expected = {200, 302, 404, 405} if user.has_perm(PAGES[each.name]) else {403}
        elif each.name == JOBS:
            expected = {200} if kinds_for(user) else {403}
        elif each.name in VERSIONS:
            expected = {404, 403}
        else:
            expected = {403} if each.name in SHUT else {404, 405}
        if got not in expected:
            wrong[each.path] = (got, expected)
    assert wrong == {}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_what_may_not_be_looked_at_may_not_be_sent_either(sign_in, account):
    client, user = sign_in(account)
    shut = [each for each in OWN if each.name in (PAGES | POSTED) and not user.has_perm((PAGES | POSTED)[each.name])]
    shut += [each for each in STANDARD if each.kind in ("changelist", "add") and not allowed(user, each)]
    answers = {each.path: client.post(each.path, {}).status_code for each in shut}
    assert {path: status for path, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_steps_of_a_campaign_are_for_those_who_run_it(sign_in, account):
    """Of what `LOOKS_FIRST`: with an object that there is."""
    client, user = sign_in(account)
    now = clock.now()
    discount = TimedDiscount.objects.create(name="draft", starts_at=now, created_by="staff:somebody")
    path = f"/admin/discounts/timeddiscount/{discount.pk}/step"
    moves = user.has_perm("discounts.change_timeddiscount")
    assert client.get(f"{path}/publish/").status_code == (200 if moves else 403)
    assert client.get(f"{path}/result/").status_code == (200 if user.has_perm("discounts.view_timeddiscount") else 403)
    assert client.post(f"{path}/stop/").status_code == (302 if moves else 403)


@pytest.mark.parametrize("path", ["/admin/", "/admin/checkout/order/", "/admin/network/warehousestock/receive/"])
def test_who_has_not_signed_in_is_sent_to_the_door_once(client, path):
    answer = client.get(path, follow=True)
    assert [status for _url, status in answer.redirect_chain] == [302]
    assert answer.request["PATH_INFO"] == "/admin/login/"
