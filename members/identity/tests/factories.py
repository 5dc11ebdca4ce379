"""Members and addresses for tests, with as few defaults as they can do with."""

import factory
from rest_framework.test import APIClient

from members.identity.models import Address, Member, MemberSession
from members.identity.tokens import issue_access_token
from shop.core import clock


class MemberFactory(factory.django.DjangoModelFactory[Member]):
    class Meta:
        model = Member

    phone = factory.Sequence(lambda n: f"+86138{n:08d}")
    invite_code = factory.Sequence(lambda n: f"T{n:09d}")
    joined_at = factory.LazyFunction(clock.now)


class AddressFactory(factory.django.DjangoModelFactory[Address]):
    """In Nanshan, Shenzhen, unless `region_id` says otherwise."""

    class Meta:
        model = Address

    member = factory.SubFactory(MemberFactory)
    name = "张三"
    phone = "+8613800138000"
    region_id = "440305"
    detail = "科技园路 1 号"
    is_default = True


def client_for(member: Member) -> APIClient:
    """An API client that carries an access token of `member`."""
    now = clock.now()
    session = MemberSession.objects.create(
        member=member,
        key_hash=f"{member.pk}-{MemberSession.objects.count()}",
        secret_hash="-",
        created_at=now,
        refreshed_at=now,
        expires_at=now.replace(year=now.year + 1),
    )
    client = APIClient()
    access = issue_access_token(member_id=member.pk, session_id=session.pk, now=now)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client
