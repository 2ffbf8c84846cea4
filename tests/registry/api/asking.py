"""People with tokens, who ask the API."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from registry.actors import Actor
from registry.models import Project, User
from tokens.creating import create_api_token

TESTER = Actor("a test")


class Asker:
    """Sends requests below ``/api/v1/`` with a token. A body is JSON."""

    def __init__(self, token: str | None = None) -> None:
        self.client = Client()
        self.token = token

    def __call__(self, method: str, path: str, body: Any = None, **headers: Any) -> Any:
        """The answer."""
        if self.token is not None:
            headers.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        sent: dict[str, Any] = {} if body is None else {"data": _bytes(body), "content_type": "application/json"}
        address = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        return self.client.generic(method, address, **sent, **headers)

    def get(self, path: str, **headers: str) -> Any:
        """GET; its document."""
        answer = self("GET", path, **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()


def asker(user: User, *scopes: str, projects: list[Project] | None = None, days: int | None = None) -> Asker:
    """Somebody with a new API token."""
    text = create_api_token(user, name="t", scopes=scopes, projects=projects, days=days, actor=TESTER)
    return Asker(text)


def refused(answer: HttpResponse, status: int) -> dict[str, Any]:
    """A refusal's problem document."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    document: dict[str, Any] = json.loads(answer.content)
    assert (document["status"], document["type"]) == (status, "about:blank")
    assert document["request_id"] == answer["X-Request-ID"]
    return document


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
