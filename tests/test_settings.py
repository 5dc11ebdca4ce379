import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.parametrize(
    ("base_url", "secret", "starts"),
    [
        ("https://mall.example.com", "", False),
        ("https://mall.example.com", "a-secret-of-one's-own-that-is-long-enough", True),
        ("http://127.0.0.1:8000", "", True),
    ],
)
def test_a_public_shop_does_not_start_with_the_public_secret(base_url, secret, starts, tmp_path):
    env = {k: v for k, v in os.environ.items() if k != "SECRET_KEY"} | {
        "BASE_URL": base_url,
        "STATE_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "shop.settings.base",
    }
    if secret:
        env["SECRET_KEY"] = secret
    command = [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"]
    result = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)
    assert (result.returncode == 0) is starts, result.stderr
    assert starts or "Set SECRET_KEY" in result.stderr
