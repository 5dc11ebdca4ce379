"""Staff who are signed in to the API."""

from rest_framework.test import APIClient

from shop.core.models import StaffUser

PASSWORD = "red-lantern-8"


def sign_in(api: APIClient, username: str, password: str = PASSWORD, **more: str):
    return api.post("/api/v1/staff/auth/login", {"username": username, "password": password, **more})


def staff_client(account: StaffUser, password: str = PASSWORD) -> APIClient:
    """`account`, signed in over HTTP."""
    client = APIClient()
    answer = sign_in(client, account.username, password)
    assert answer.status_code == 200, answer.content
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client
