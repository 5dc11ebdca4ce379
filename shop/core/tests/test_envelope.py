"""Every error wears the same envelope: code, message, details, request id."""

import orjson
import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.core.api.errors import not_found, server_error
from shop.core.api.serializers import StrictIntegerField, StrictSerializer, validated
from shop.core.errors import RateLimited

pytestmark = pytest.mark.urls(__name__)


class ItemIn(StrictSerializer):
    quantity = StrictIntegerField(min_value=1, max_value=999)


class BasketIn(StrictSerializer):
    items = ItemIn(many=True, allow_empty=False)
    note = serializers.CharField(required=False)


class BasketView(APIView):
    def post(self, request):
        return Response(validated(BasketIn, request))


class BreakingView(APIView):
    def get(self, request, how):
        match how:
            case "limit":
                raise RateLimited(retry_after=7)
            case "busy":
                raise OperationalError("canceling statement due to lock timeout")
        raise ZeroDivisionError("secret detail")


urlpatterns = [
    path("api/v1/basket", BasketView.as_view()),
    path("api/v1/break/<how>", BreakingView.as_view()),
]
handler404, handler500 = not_found, server_error


def post(body, content_type="application/json", **headers):
    client = Client(raise_request_exception=False)
    return client.post("/api/v1/basket", body, content_type=content_type, headers=headers)


def assert_refused(response, status, code):
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    assert set(body) == {"code", "message", "details", "request_id"}
    assert body["message"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


@pytest.mark.parametrize("quantity", [0, -1, 10**12, 1.5, "3", True, None, [], {}])
def test_a_wrong_quantity_is_pointed_at(quantity):
    body = assert_refused(
        post(orjson.dumps({"items": [{"quantity": 1}, {"quantity": quantity}]})), 400, "invalid_input"
    )
    assert [detail["field"] for detail in body["details"]] == ["/items/1/quantity"]


def test_unknown_fields_are_refused_by_name():
    body = assert_refused(post({"items": [{"quantity": 1, "price": 1}], "note": "x"}), 400, "invalid_input")
    assert [(d["field"], d["code"]) for d in body["details"]] == [("/items/0/price", "unknown_field")]


@pytest.mark.parametrize("raw", [b" ", b"{", b"\xff\xfe", b'{"items": NaN}', b"[1", b'{"a":"\xd8"}'])
def test_malformed_json_is_refused(raw):
    assert_refused(post(raw), 400, "malformed_body")


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"3", b'"x"'])
def test_json_that_is_no_object_is_refused(raw):
    assert_refused(post(raw), 400, "invalid_input")


def test_deeply_nested_json_is_refused():
    assert_refused(post(b"[" * 5000 + b"]" * 5000), 400, "malformed_body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_content_type_is_refused(content_type):
    assert_refused(post(b'{"items": [{"quantity": 1}]}', content_type=content_type), 415, "unsupported_media_type")


def test_a_ten_megabyte_body_is_refused():
    assert_refused(post(b'{"note": "' + b"x" * 10_000_000 + b'"}'), 413, "body_too_large")


def test_other_refusals_have_their_status():
    client = Client(raise_request_exception=False)
    assert_refused(client.get("/api/v1/nowhere"), 404, "not_found")
    wrong_method = client.get("/api/v1/basket")
    assert_refused(wrong_method, 405, "method_not_allowed")
    assert "POST" in wrong_method.headers["Allow"]
    limited = client.get("/api/v1/break/limit")
    assert_refused(limited, 429, "rate_limited")
    assert limited.headers["Retry-After"] == "7"
    assert_refused(client.get("/api/v1/break/busy"), 503, "busy")


def test_a_bug_answers_500_without_its_detail():
    response = Client(raise_request_exception=False).get("/api/v1/break/anything")
    body = assert_refused(response, 500, "internal_error")
    assert "secret" not in orjson.dumps(body).decode()


def test_messages_follow_the_language_and_codes_do_not():
    chinese = assert_refused(post(b"{"), 400, "malformed_body")["message"]
    english = assert_refused(post(b"{", **{"Accept-Language": "en"}), 400, "malformed_body")["message"]
    assert english == "The body is not valid JSON."
    assert chinese == "请求内容不是有效的 JSON。"


@pytest.mark.parametrize(("offered", "kept"), [("abc-12345678", True), ("x", False), ("a b\tc<script>", False)])
def test_a_sane_request_id_is_kept(offered, kept):
    response = Client().get("/api/v1/basket", headers={"X-Request-Id": offered})
    assert (response.headers["X-Request-Id"] == offered) is kept
