"""The demo shop's WeChat templates, a member who accepts them, and a mailbox for the owner."""

from datetime import datetime

from members.identity.models import Member
from members.notifications.events import Channel
from members.notifications.models import NotificationTemplate, SubscribeCredit
from members.notifications.services.templates import seed_templates
from shop.core.models import StaffUser

ACCEPTED = 5


def load(*, size: str, now: datetime) -> str:
    seed_templates()
    templates = list(NotificationTemplate.objects.filter(channel=Channel.SUBSCRIBE, provider_template=""))
    for template in templates:
        # The sandbox takes any id. A real one is given by WeChat when the merchant chooses the template there.
        template.provider_template = f"DEMO-{template.event}-{template.language}"
    NotificationTemplate.objects.bulk_update(templates, ["provider_template"])
    accepting = Member.objects.filter(openid__isnull=False).order_by("pk")[::2]
    SubscribeCredit.objects.bulk_create(
        [
            SubscribeCredit(member=member, template=template.provider_template, accepted=ACCEPTED)
            for member in accepting
            for template in templates
            if template.language == "zh-hans"
        ],
        ignore_conflicts=True,
    )
    StaffUser.objects.filter(username="owner", email="").update(email="owner@lantern.example")
    return f"{len(templates)} WeChat templates"
