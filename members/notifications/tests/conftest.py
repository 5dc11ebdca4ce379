import pytest
from django.core.cache import cache

from members.notifications.events import Channel
from members.notifications.tests.factories import PARCEL, TEMPLATE, words


@pytest.fixture
def wechat_template(db):
    """The parcel's subscribe message is known to WeChat."""
    return words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}\namount2: {amount}", provider_template=TEMPLATE)


@pytest.fixture
def outside(sandbox, settings):
    """The sandbox, with an access token of its own."""
    key = f"wechat:access-token:{settings.WECHAT_APP_ID}"
    cache.delete_many([key, f"{key}:refresher"])
    yield sandbox
    cache.delete_many([key, f"{key}:refresher"])
