"""By WeChat's subscribe message, which the member accepted once for each message.

WeChat counts acceptances itself: a message that went out although its answer was lost is refused the second time.
"""

from typing import Any

from members.identity.errors import WechatUnavailable
from members.identity.wechat import post_with_token
from members.notifications.senders.base import Message, NotSent

REFUSED_BY_MEMBER = "43101"
_LANGUAGES = {"zh-hans": "zh_CN", "en": "en_US"}
# Busy, over a quota for the moment, or a token that expired twice in a row.
_PASSING = {-1, 40001, 40014, 42001, 45009, 45011}


def send(message: Message) -> str:
    body: dict[str, Any] = {
        "touser": message.address,
        "template_id": message.provider_template,
        "data": {name: {"value": value} for name, value in message.params.items()},
        "lang": _LANGUAGES.get(message.language, "zh_CN"),
    }
    if message.link:
        body["page"] = message.link
    try:
        answer = post_with_token("/cgi-bin/message/subscribe/send", body)
    except WechatUnavailable as error:
        raise NotSent(str(error.data.get("reason", "unavailable")), retryable=True) from error
    code = answer.get("errcode", 0)
    if code:
        raise NotSent(str(code), retryable=code in _PASSING)
    return str(answer.get("msgid", ""))
