"""By email, through Django's mail and whatever `EMAIL_URL` names."""

import smtplib

import structlog
from django.core.mail import EmailMessage

from members.notifications.senders.base import Message, NotSent

log = structlog.get_logger(__name__)


def send(message: Message) -> str:
    """The reference becomes the Message-ID, by which a mail that came twice is shown once."""
    mail_id = f"<{message.reference}@lantern>" if message.reference else ""
    mail = EmailMessage(
        subject=" ".join(message.title.split()),
        body=message.text,
        to=[message.address],
        headers={"Message-ID": mail_id} if mail_id else {},
        attachments=[(each.name, each.content, each.media_type) for each in message.attachments],
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        status = next(iter(refusal.recipients.values()))[0]
        raise NotSent(f"smtp_{status}", retryable=status < 500) from refusal
    except smtplib.SMTPResponseException as refusal:
        raise NotSent(f"smtp_{refusal.smtp_code}", retryable=refusal.smtp_code < 500) from refusal
    except (smtplib.SMTPException, OSError) as error:
        log.warning("email_not_sent", error=type(error).__name__)
        code = "timeout" if isinstance(error, TimeoutError) else "unreachable"
        raise NotSent(code, retryable=True) from error
    return mail_id
