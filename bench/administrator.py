"""A superuser who looks at the admin of the measured registry over HTTPS, one page after the other."""

import http.client
import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.client import Connection, mint_request
from bench.registry import MeasuredRegistry
from demo.registry import ROOT

# Run with the registry's settings: prints the cookie of a superuser's session.
SIGN_IN = """
import django
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from registry.models import User
admin, _ = User.objects.get_or_create(username="auditor", is_staff=True, is_superuser=True)
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(admin.pk), settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = admin.get_session_auth_hash()
session.save()
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
"""
TOKEN = "t" * 32  # Django's: what the form says must be what the cookie says


@dataclass(frozen=True)
class Asked:
    """How long the answers took, in milliseconds."""

    times: Sequence[float]

    @property
    def p50(self) -> float:
        """The middle."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """All but one of twenty took at most this."""
        return percentile(self.times, 95)


class Administrator:
    """Signed in by ``sign_in``."""

    def __init__(self, registry: MeasuredRegistry) -> None:
        self.registry = registry
        self.cookie = ""

    def sign_in(self) -> None:
        """Begin a session."""
        done = subprocess.run(
            [sys.executable, "-c", SIGN_IN],
            cwd=ROOT,
            env={**self.registry.environment, "DJANGO_SETTINGS_MODULE": "registry.settings"},
            check=True,
            capture_output=True,
            text=True,
        )
        self.cookie = done.stdout.strip()

    def ask(self, paths: Sequence[str | tuple[str, dict[str, str]]]) -> Asked:
        """GET each path once, or POST a form to it. Raises AssertionError for an answer that is no page."""
        connection = Connection(self.registry.port, str(self.registry.ca_file))
        times = []
        for path in paths:
            request = self._get(path) if isinstance(path, str) else self._post(*path)
            began = time.perf_counter()
            status, head, body = connection.ask(request)
            times.append((time.perf_counter() - began) * 1000)
            assert status == 200, (path, status, head, body[:2000])
        connection.sock.close()
        return Asked(times)

    def export(self, path: str, kind: str, **query: str) -> tuple[int, float, float]:
        """Read a whole file: its lines without a heading, how many seconds it took, and its MiB."""
        trusting = ssl.create_default_context(cafile=str(self.registry.ca_file))
        connection = http.client.HTTPSConnection("localhost", self.registry.port, timeout=600, context=trusting)
        began = time.perf_counter()
        connection.request("GET", f"{path}?{urlencode({**query, 'as': kind})}", headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        lines = size = 0
        while piece := answer.read1(1 << 20):
            lines += piece.count(b"\n")
            size += len(piece)
        connection.close()
        return lines - (kind == "csv"), time.perf_counter() - began, size / 1024 / 1024

    def mint(self, identity_token: str) -> str:
        """The upload token that an identity token gives; empty for a refusal."""
        connection = Connection(self.registry.port, str(self.registry.ca_file))
        status, _, body = connection.ask(mint_request(identity_token))
        connection.sock.close()
        assert status in {200, 422}, (status, body)
        return str(json.loads(body).get("token", ""))

    def _get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: localhost:{self.registry.port}\r\nCookie: {self.cookie}\r\n\r\n".encode()

    def _post(self, path: str, form: dict[str, str]) -> bytes:
        body = urlencode({**form, "csrfmiddlewaretoken": TOKEN}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost:{self.registry.port}\r\nReferer: {self.registry.url}/\r\n"
            f"Cookie: {self.cookie}; csrftoken={TOKEN}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def percentile(times: Sequence[float], percent: int) -> float:
    """The time within which so many of a hundred were answered."""
    return sorted(times)[max(0, -(-len(times) * percent // 100) - 1)]
