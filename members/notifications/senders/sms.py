"""By SMS."""

from members.identity.sms import Sms, SmsNotSent, SmsUncertain, send_sms
from members.notifications.senders.base import Message, NotSent


def send(message: Message) -> str:
    """An answer that did not come is no reason to stay silent: the gateway sends once per reference."""
    sms = Sms(
        phone=message.address,
        template=message.provider_template,
        params=message.params,
        text=message.text,
        reference=message.reference,
    )
    try:
        return send_sms(sms)
    except SmsNotSent as refusal:
        raise NotSent(refusal.code, retryable=refusal.retryable) from refusal
    except SmsUncertain as silence:
        raise NotSent("timeout", retryable=True) from silence
