"""Mail: taken over SMTP, shown in the outbox."""

import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def smtp(sandbox):
    where = urlsplit(sandbox.env["EMAIL_URL"])
    with smtplib.SMTP(where.hostname, where.port, timeout=5) as client:
        yield client


def mail(to="boss@lantern.example", text="请看退款。\n.\n完"):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        "请处理：退款 R26112112000012345678 未能到账",
        "a@b.example",
        to,
    )
    message.set_content(text)
    return message


def test_a_mail_is_kept_for_each_recipient(http, smtp):
    smtp.send_message(mail("boss@lantern.example, clerk@lantern.example"))
    smtp.send_message(mail("third@lantern.example"))

    listed = http.get("/outbox?kind=email").json()[:3]

    assert [m["recipient"] for m in listed] == [
        "third@lantern.example",
        "clerk@lantern.example",
        "boss@lantern.example",
    ]
    assert listed[0]["body"]["subject"] == "请处理：退款 R26112112000012345678 未能到账"
    assert listed[0]["body"]["text"].splitlines() == ["请看退款。", ".", "完"]


def test_mail_without_recipient_or_in_the_wrong_order_is_refused(smtp):
    smtp.helo()
    assert smtp.docmd("DATA")[0] == 503
    assert smtp.docmd("VRFY")[0] == 500
    assert smtp.docmd("MAIL", "FROM:<a@b.example>")[0] == 250
    assert smtp.docmd("RCPT", "TO:<nobody>")[0] == 550


def test_faults_strike_mail_too(http, smtp):
    before = http.get("/outbox?kind=email").json()
    http.post("/faults", json={"target": "email", "kind": "500"})
    with pytest.raises(smtplib.SMTPDataError) as failed:
        smtp.send_message(mail())
    http.post("/faults", json={"target": "email", "kind": "refuse"})
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.send_message(mail())

    assert failed.value.smtp_code == 451
    assert http.get("/outbox?kind=email").json() == before


def test_an_sms_with_the_same_reference_is_sent_once(http, sandbox):
    message = {"phone": "13800138011", "template": "t", "text": "您的包裹已发出", "reference": "delivery-1"}
    headers = {"Authorization": f"Bearer {sandbox.env['SMS_GATEWAY_KEY']}"}

    answers = [http.post("/sms/send", json=message, headers=headers).json() for _ in range(3)]

    assert answers == [answers[0]] * 3
    assert len(http.get("/sms?phone=13800138011").json()) == 1
