import pytest

from members.identity.models import Address, Member
from members.identity.queries import RecipientSnapshot, address_snapshot
from members.identity.tests.factories import AddressFactory, MemberFactory

pytestmark = pytest.mark.django_db

LIST = "/api/v1/me/addresses"
GOOD = {"name": "张三", "phone": "138-0013-8000", "region_code": "440305", "detail": "科技园路 1 号"}


def add(client, **changes):
    return client.post(LIST, {**GOOD, **changes})


def defaults(member):
    return list(Address.objects.filter(member=member, is_default=True).values_list("pk", flat=True))


def test_the_first_address_is_the_default_and_is_shown_as_people_write_it(member_client):
    answer = add(member_client)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": Address.objects.get().pk,
        "name": "张三",
        "phone": "13800138000",
        "region_code": "440305",
        "region_path": "广东省 深圳市 南山区",
        "detail": "科技园路 1 号",
        "is_default": True,
    }
    assert Address.objects.get().phone == "+8613800138000"


def test_one_address_is_the_default_at_a_time(member, member_client):
    first, second = add(member_client).json()["id"], add(member_client).json()["id"]
    assert defaults(member) == [first]
    third = add(member_client, is_default=True).json()["id"]
    assert defaults(member) == [third]
    assert member_client.put(f"{LIST}/{second}", {"is_default": True}).json()["is_default"] is True
    assert defaults(member) == [second]


def test_the_list_begins_with_the_default_and_comes_in_pages(member, member_client):
    ids = [AddressFactory(member=member, is_default=n == 1).pk for n in range(5)]
    AddressFactory()
    first = member_client.get(f"{LIST}?limit=3").json()
    assert [item["id"] for item in first["items"]] == [ids[1], ids[4], ids[3]]
    rest = member_client.get(f"{LIST}?limit=3&cursor={first['next_cursor']}").json()
    assert [item["id"] for item in rest["items"]] == [ids[2], ids[0]]
    assert rest["next_cursor"] is None


def test_the_list_costs_one_query(member, member_client, django_assert_num_queries):
    for n in range(10):
        AddressFactory(member=member, is_default=n == 0)
    with django_assert_num_queries(1):
        member_client.get(LIST)


def test_what_is_left_out_of_a_put_stays(member, member_client):
    address = AddressFactory(member=member, name="李四")
    answer = member_client.put(f"{LIST}/{address.pk}", {"region_code": "441900", "phone": "0755-8888 8888"}).json()
    assert (answer["name"], answer["region_path"], answer["phone"]) == ("李四", "广东省 东莞市", "075588888888")
    assert (answer["detail"], answer["is_default"]) == ("科技园路 1 号", True)
    assert member_client.put(f"{LIST}/{address.pk}", {}).json() == answer
    assert member_client.get(f"{LIST}/{address.pk}").json() == answer


def test_when_the_default_goes_the_newest_takes_its_place(member, member_client):
    stranger = AddressFactory()
    default = AddressFactory(member=member)
    AddressFactory(member=member, is_default=False)
    newest = AddressFactory(member=member, is_default=False)
    assert member_client.delete(f"{LIST}/{default.pk}").status_code == 204
    assert defaults(member) == [newest.pk]
    assert defaults(stranger.member) == [stranger.pk]
    assert member_client.get(f"{LIST}/{default.pk}").status_code == 404


def test_there_is_an_end_to_addresses(member, member_client):
    AddressFactory.create_batch(50, member=member, is_default=False)
    answer = add(member_client)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")
    assert Address.objects.filter(member=member).count() == 50


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", "a" * 41, "max_length"),
        ("name", "张\n三", "unprintable"),
        ("name", 5, "invalid"),
        ("phone", "12345", "invalid_phone"),
        ("phone", "+1", "invalid_phone"),
        ("phone", None, "null"),
        ("region_code", "999999", "unknown_region"),
        ("region_code", "440300", "region_too_wide"),
        ("region_code", "440000", "region_too_wide"),
        ("region_code", 440305, "invalid"),
        ("detail", " ", "blank"),
        ("detail", "a" * 201, "max_length"),
        ("detail", "a\r\nb", "unprintable"),
        ("is_default", "yes", "invalid"),
        ("is_default", None, "null"),
    ],
)
def test_what_is_no_address_is_refused(member, member_client, field, value, code):
    answer = add(member_client, **{field: value})
    assert answer.status_code == 400
    assert [(d["field"], d["code"]) for d in answer.json()["details"]] == [(f"/{field}", code)]
    address = AddressFactory(member=member)
    changed = member_client.put(f"{LIST}/{address.pk}", {field: value})
    assert changed.status_code == 400
    address.refresh_from_db()
    assert (address.name, address.phone, address.region_id) == ("张三", "+8613800138000", "440305")


@pytest.mark.parametrize("missing", ["name", "phone", "region_code", "detail"])
def test_a_new_address_needs_all_its_parts(member_client, missing):
    body = {name: value for name, value in GOOD.items() if name != missing}
    answer = member_client.post(LIST, body)
    assert [(d["field"], d["code"]) for d in answer.json()["details"]] == [(f"/{missing}", "required")]
    assert not Address.objects.exists()


def test_a_blocked_member_changes_nothing(member, member_client):
    address = AddressFactory(member=member)
    Member.objects.filter(pk=member.pk).update(status=Member.Status.BLOCKED)
    answers = [
        add(member_client),
        member_client.put(f"{LIST}/{address.pk}", {"name": "x"}),
        member_client.delete(f"{LIST}/{address.pk}"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "member_blocked")] * 3
    assert Address.objects.get().name == "张三"


def test_a_snapshot_has_what_an_order_copies(django_assert_num_queries):
    address = AddressFactory()
    with django_assert_num_queries(1):
        snapshot = address_snapshot(member_id=address.member_id, address_id=address.pk)
    assert snapshot == RecipientSnapshot(
        name="张三",
        phone="+8613800138000",
        region_code="440305",
        region_path="广东省 深圳市 南山区",
        province_code="440000",
        detail="科技园路 1 号",
        longitude=snapshot.longitude,
        latitude=snapshot.latitude,
    )
    assert (round(snapshot.longitude), round(snapshot.latitude)) == (114, 23)


def test_a_snapshot_without_address_is_of_the_default_and_never_of_a_strangers():
    member, stranger = MemberFactory(), AddressFactory()
    assert address_snapshot(member_id=member.pk, address_id=None) is None
    AddressFactory(member=member, is_default=False, name="甲")
    assert address_snapshot(member_id=member.pk, address_id=None) is None
    AddressFactory(member=member, name="乙")
    assert address_snapshot(member_id=member.pk, address_id=None).name == "乙"
    assert address_snapshot(member_id=member.pk, address_id=stranger.pk) is None


@pytest.mark.parametrize("address_id", ["0", "99999999999999999999999999"])
def test_an_address_that_never_was_is_not_found(member_client, address_id):
    answers = [
        member_client.get(f"{LIST}/{address_id}"),
        member_client.put(f"{LIST}/{address_id}", {"name": "x"}),
        member_client.delete(f"{LIST}/{address_id}"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwiYiJd", "W3RydWUsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", "%00"])
def test_a_made_up_cursor_is_refused_or_leads_nowhere(member_client, cursor):
    answer = member_client.get(f"{LIST}?cursor={cursor}")
    assert (answer.status_code, answer.json().get("items", [])) in [(400, []), (200, [])]
