"""One sender for each channel that leaves the house."""

from collections.abc import Mapping

from members.notifications.events import Channel
from members.notifications.senders import email, sms, subscribe
from members.notifications.senders.base import Sender

SENDERS: Mapping[str, Sender] = {
    Channel.SMS: sms.send,
    Channel.SUBSCRIBE: subscribe.send,
    Channel.EMAIL: email.send,
}
