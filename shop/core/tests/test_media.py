"""Pictures are served with a long life, and nothing else is served."""

import pytest
from django.test import Client


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "products").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    return tmp_path / "media" / "products"


def test_a_picture_may_be_kept_for_good(media):
    (media / "a.jpg").write_bytes(b"\xff\xd8\xff")
    response = Client().get("/media/products/a.jpg")
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert "immutable" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["products/missing.jpg", "products/", "products/a.html", "../secret.jpg", "%2e%2e/secret.jpg"]
)
def test_nothing_else_is_served(media, path):
    (media / "a.html").write_text("<script>")
    response = Client().get(f"/media/{path}")
    assert response.status_code == 404
    assert b"secret" not in response.content
