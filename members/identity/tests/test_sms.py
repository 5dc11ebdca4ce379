"""The SMS gateways: over HTTP against the sandbox, into the log, and none."""

import pytest
from structlog.testing import capture_logs

from members.identity.sms import Sms, SmsNotSent, send_sms

MESSAGE = Sms(phone="+8613900000009", template="parcel", text="您的包裹已发出", reference="sms-test-1")


def test_one_reference_is_one_message(sandbox):
    first, again = send_sms(MESSAGE), send_sms(MESSAGE)
    assert first == again != ""
    assert [message["text"] for message in sandbox.messages("13900000009")] == ["您的包裹已发出"]


@pytest.mark.parametrize(
    ("fault", "code", "retryable"), [(None, "INVALID_PHONE", False), ("500", "SYSTEM_ERROR", True)]
)
def test_a_refusal_tells_whether_to_try_again(sandbox, fault, code, retryable):
    if fault:
        sandbox.fault("sms", fault, times=1)
    with pytest.raises(SmsNotSent) as refused:
        send_sms(Sms(phone="12", template="parcel", text="x"))
    assert (refused.value.code, refused.value.retryable) == (code, retryable)


def test_the_console_shows_messages_in_the_log(settings):
    settings.SMS_GATEWAY_URL = "console"
    with capture_logs() as logged:
        assert send_sms(MESSAGE) == "console"
    assert [(entry["phone"], entry["text"]) for entry in logged] == [("+8613900000009", "您的包裹已发出")]


def test_without_a_gateway_nothing_is_sent_nor_tried_again(settings):
    settings.SMS_GATEWAY_URL = ""
    with pytest.raises(SmsNotSent) as refused:
        send_sms(MESSAGE)
    assert (refused.value.code, refused.value.retryable) == ("no_gateway", False)
