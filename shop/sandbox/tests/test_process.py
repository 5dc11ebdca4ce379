"""Starting and stopping: the state directory, the READY line, the port, the parent."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from shop.sandbox import process as starter
from shop.sandbox.process import SandboxFailed, start_sandbox

ROOT = Path(starter.__file__).resolve().parents[2]
ENV_KEYS = [
    "WECHAT_API_URL",
    "WECHAT_APP_ID",
    "WECHAT_APP_SECRET",
    "WECHATPAY_GATEWAY_URL",
    "WECHATPAY_MCH_ID",
    "WECHATPAY_MCH_SERIAL",
    "WECHATPAY_PRIVATE_KEY_PATH",
    "WECHATPAY_PUBLIC_KEY_PATH",
    "WECHATPAY_PUBLIC_KEY_ID",
    "WECHATPAY_API_V3_KEY",
    "ALIPAY_GATEWAY_URL",
    "ALIPAY_APP_ID",
    "ALIPAY_SELLER_ID",
    "ALIPAY_PRIVATE_KEY_PATH",
    "ALIPAY_PUBLIC_KEY_PATH",
    "SMS_GATEWAY_URL",
    "SMS_GATEWAY_KEY",
    "EMAIL_URL",
    "COURIER_GATEWAY_URL",
    "COURIER_KEY",
    "SANDBOX_URL",
]


def test_the_state_directory_is_private_and_the_keys_stay(tmp_path):
    folder = tmp_path / "sandbox"
    first = start_sandbox(state_dir=folder, shop_url="http://127.0.0.1:8000")
    openid = httpx.post(f"{first.url}/wechat/login-codes", json={"phone": "13600000001"}).json()["openid"]
    first.stop()
    second = start_sandbox(state_dir=folder, shop_url="http://127.0.0.1:8000")
    again = httpx.post(f"{second.url}/wechat/login-codes", json={"phone": "13600000001"}).json()["openid"]
    second.stop()

    assert first.process.returncode == second.process.returncode == 0
    assert list(first.env) == ENV_KEYS
    assert len(first.env["WECHATPAY_API_V3_KEY"]) == 32
    assert first.env["WECHATPAY_PUBLIC_KEY_ID"].startswith("PUB_KEY_ID_")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("env", "accounts.json", "merchant_private_key.pem", "platform_private_key.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    kept = [key for key in ENV_KEYS if not key.endswith("_URL")]
    assert [second.env[key] for key in kept] == [first.env[key] for key in kept]
    # A shop that runs on finds the mail server where it was.
    assert second.env["EMAIL_URL"] == first.env["EMAIL_URL"]
    assert openid == again


def test_a_taken_port_is_one_clear_sentence(tmp_path, sandbox):
    port = int(sandbox.url.rpartition(":")[2])

    with pytest.raises(SandboxFailed, match=r"^The sandbox cannot start: .*in use"):
        start_sandbox(state_dir=tmp_path, shop_url="http://127.0.0.1:8000", port=port)


def test_it_dies_with_its_parent(tmp_path):
    script = (
        "import pathlib, sys, time\n"
        "from shop.sandbox.process import start_sandbox\n"
        "child = start_sandbox(state_dir=pathlib.Path(sys.argv[1]), shop_url='http://127.0.0.1:8000')\n"
        "print(child.process.pid, child.url, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        pid, url = parent.stdout.readline().split()
        assert httpx.get(f"{url}/health").status_code == 200
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, f"{pid} outlived its parent"
        time.sleep(0.05)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


def test_it_loads_nothing_of_the_project():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, shop.sandbox.__main__; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert {name for name in loaded if name.startswith("shop.") and not name.startswith("shop.sandbox")} == set()
    assert {"django", "celery", "rest_framework"}.isdisjoint(loaded)
    assert "shop.sandbox.transactions" in loaded
