"""Nobody reaches another's data: every URL of the API, by nobody, by a stranger, and by its owner as the control."""

import pytest
from django.forms import model_to_dict
from django.urls import URLResolver, get_resolver
from rest_framework.test import APIClient

from analytics.buyers.tests import access as buyers
from analytics.events.tests import access as events
from analytics.funnel.tests import access as funnel
from analytics.outreach.tests import access as outreach
from analytics.recommendations.tests import access as recommendations
from analytics.reports.tests import access as reports
from analytics.traffic.tests import access as traffic
from logistics.network.tests import access as network
from logistics.shipments.tests import access as shipments
from members.identity.tests import access as identity
from members.identity.tests.factories import MemberFactory
from members.invitations.tests import access as invitations
from members.notifications.tests import access as notifications
from members.tiers.tests import access as tiers
from members.uploads.tests import access as uploads
from orders.after_sales.tests import access as after_sales
from orders.cart.tests import access as cart
from orders.checkout.tests import access as checkout
from orders.fulfilment.tests import access as fulfilment
from orders.invoices.tests import access as invoices
from orders.payments.tests import access as payments
from orders.reviews.tests import access as reviews
from orders.verification.tests import access as verification
from points.accounts.tests import access as accounts
from points.mall.tests import access as mall
from points.rules.tests import access as rules
from points.tasks.tests import access as tasks
from points.transfers.tests import access as transfers
from promotions.bargaining.tests import access as bargaining
from promotions.coupons.tests import access as coupons
from promotions.distribution.tests import access as distribution
from promotions.flash_sale.tests import access as flash_sale
from promotions.group_buy.tests import access as group_buy
from promotions.lottery.tests import access as lottery
from promotions.presale.tests import access as presale
from promotions.quiz.tests import access as quiz
from shop.catalog.tests import access as catalog
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles
from shop.core.tests import access as core
from shop.regions.tests import access as regions
from shop.settings.roles import ROLES
from shop.staff.tests import access as staff
from shop.staff.tests.making import staff_client
from tests.access import API, Door, Thing, Who, routes

DOORS: tuple[Door, ...] = (
    *core.DOORS,
    *staff.DOORS,
    *regions.DOORS,
    *catalog.DOORS,
    *identity.DOORS,
    *uploads.DOORS,
    *tiers.DOORS,
    *invitations.DOORS,
    *notifications.DOORS,
    *rules.DOORS,
    *accounts.DOORS,
    *tasks.DOORS,
    *transfers.DOORS,
    *mall.DOORS,
    *coupons.DOORS,
    *distribution.DOORS,
    *presale.DOORS,
    *quiz.DOORS,
    *flash_sale.DOORS,
    *bargaining.DOORS,
    *lottery.DOORS,
    *group_buy.DOORS,
    *network.DOORS,
    *shipments.DOORS,
    *cart.DOORS,
    *checkout.DOORS,
    *fulfilment.DOORS,
    *payments.DOORS,
    *reviews.DOORS,
    *invoices.DOORS,
    *verification.DOORS,
    *after_sales.DOORS,
    *buyers.DOORS,
    *events.DOORS,
    *traffic.DOORS,
    *funnel.DOORS,
    *recommendations.DOORS,
    *outreach.DOORS,
    *reports.DOORS,
)

MEMBERS_DOORS = [door for door in DOORS if door.who is Who.MEMBER]
OWNED_DOORS = [door for door in MEMBERS_DOORS if door.thing and door.not_yours]
STAFF_DOORS = [door for door in DOORS if door.who is Who.STAFF]
WRITING_DOORS = [(door, field) for door in DOORS for field in door.read_only or ()]


def knock(door: Door, client: APIClient, thing=None, body=None):
    return client.generic(
        door.method,
        door.address(thing),
        b"" if body is None else body,
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="knock",
    )


def test_every_endpoint_is_listed_here():
    patterns = [p for p in get_resolver().url_patterns if isinstance(p, URLResolver)]
    api = next(p for p in patterns if str(p.pattern) == API.removeprefix("/"))
    listed = [(door.method, door.route) for door in DOORS]
    assert sorted(listed) == sorted(routes(api.url_patterns))


@pytest.mark.django_db
@pytest.mark.parametrize("door", MEMBERS_DOORS, ids=str)
@pytest.mark.parametrize("token", [None, "Bearer", "Bearer x", "Bearer a.b.c", "Bearer é"])
def test_a_members_door_is_shut_to_who_has_not_signed_in(door, token):
    assert refusal_without_sign_in(door, token) == (401, "not_signed_in")


def refusal_without_sign_in(door, token):
    client = APIClient()
    if token is not None:
        client.credentials(HTTP_AUTHORIZATION=token)
    answer = knock(door, client, door.thing(MemberFactory()) if door.thing else None)
    return answer.status_code, answer.json()["code"]


@pytest.mark.django_db
@pytest.mark.parametrize("door", [door for door in DOORS if door.who is Who.ANYBODY], ids=str)
def test_an_open_door_asks_nobody_to_sign_in(door, api):
    answer = knock(door, api, door.thing(MemberFactory()) if door.thing else None)
    assert answer.status_code not in (401, 403)


@pytest.mark.django_db
@pytest.mark.parametrize("door", STAFF_DOORS, ids=str)
@pytest.mark.parametrize("token", [None, "Bearer", "Bearer x", "Bearer a.b.c", "Bearer é"])
def test_a_door_of_the_staff_is_shut_to_who_has_not_signed_in(door, token):
    assert refusal_without_sign_in(door, token) == (401, "not_signed_in")


@pytest.mark.django_db
@pytest.mark.parametrize("door", STAFF_DOORS, ids=str)
def test_a_members_token_opens_no_door_of_the_staff(door, member, member_client):
    answer = knock(door, member_client, door.thing(member) if door.thing else None, door.body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.django_db
@pytest.mark.parametrize("door", MEMBERS_DOORS, ids=str)
def test_a_token_of_the_staff_opens_no_members_door(door, member):
    boss = StaffUser.objects.create_superuser("boss", password="red-lantern-8")
    answer = knock(door, staff_client(boss), door.thing(member) if door.thing else None, door.body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.django_db
def test_each_role_of_the_staff_passes_its_own_doors_only(member):
    seed_roles()
    passed = {}
    for account in create_role_accounts(password="red-lantern-8"):
        client = staff_client(account)
        for door in STAFF_DOORS:
            answer = knock(door, client, door.thing(member) if door.thing else None, door.body)
            passed[str(door), account.username] = answer.status_code not in (401, 403)
            client = staff_client(account)
    everybody = [role.account for role in ROLES]
    assert passed == {
        (str(door), account): door.roles is None or account in door.roles
        for door in STAFF_DOORS
        for account in everybody
    }


@pytest.mark.django_db
def test_doors_of_gateways_are_shut_to_members(member, member_client):
    doors = [door for door in DOORS if door.who is Who.GATEWAY]
    answers = {str(door): knock(door, member_client, door.thing(member) if door.thing else None) for door in doors}
    assert {name: answer.status_code for name, answer in answers.items() if not 400 <= answer.status_code < 500} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("door", OWNED_DOORS, ids=str)
def test_another_members_thing_is_not_there(door, member_client):
    thing = door.thing(MemberFactory())
    before = model_to_dict(thing.row)
    answer = knock(door, member_client, thing, door.body)
    assert answer.status_code == 404
    assert answer.json()["code"].endswith("not_found")
    thing.row.refresh_from_db()
    assert model_to_dict(thing.row) == before


@pytest.mark.django_db
@pytest.mark.parametrize("door", OWNED_DOORS, ids=str)
@pytest.mark.parametrize("odd", ["%00", "a%00", "1%0A", "%F0%9F%8F%AE", "%E2%80%AE1", "9" * 60, "'--"])
def test_an_odd_address_leads_nowhere(door, odd, member, member_client):
    thing = door.thing(member)
    answer = knock(door, member_client, Thing(dict.fromkeys(thing.address, odd), thing.row), door.body)
    assert (answer.status_code, answer.json()["code"][-9:]) == (404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("door", OWNED_DOORS, ids=str)
def test_the_same_door_opens_to_its_owner(door, member, member_client):
    answer = knock(door, member_client, door.thing(member), door.body)
    assert answer.status_code not in (401, 403, 404)


@pytest.mark.django_db
@pytest.mark.parametrize(("door", "field"), WRITING_DOORS, ids=[f"{door} {field}" for door, field in WRITING_DOORS])
def test_a_read_only_field_cannot_be_written(door, field, member, member_client):
    body = f'{{"{field}": 1}}'.encode()
    answer = knock(door, member_client, door.thing(member) if door.thing else None, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert (f"/{field}", "unknown_field") in [(d["field"], d["code"]) for d in answer.json()["details"]]
