"""The company's OpenID provider for tests: ``LocalIssuer`` with the endpoints at which people sign in.

Who comes to the authorization endpoint is whoever ``person`` says, without being asked. It checks what a real one
checks: client, secret, redirect address, PKCE.
"""

import base64
import hashlib
import secrets
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from demo.issuer import DISCOVERY, LocalIssuer, send

AUTHORIZE, EXCHANGE, USERINFO = "/authorize", "/oauth/token", "/userinfo"
CLIENT, SECRET = "gatehouse", "a-client-secret"


class OpenIDProvider(LocalIssuer):
    """An issuer for people; ``asked`` holds the queries of the authorization endpoint."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.person: dict[str, Any] = {
            "sub": "carol-at-acme",
            "preferred_username": "carol",
            "email": "carol@acme.example",
        }
        self.stated: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server.RequestHandlerClass.do_POST = lambda handler: self.exchange(handler)  # type: ignore[attr-defined]
        self.faults[AUTHORIZE] = self.authorize
        self.faults[USERINFO] = lambda handler: send(handler, 200, self.userinfo())

    def __enter__(self) -> "OpenIDProvider":
        self.start()
        return self

    def discovery(self) -> dict[str, Any]:
        """With the endpoints of a sign-in."""
        return {
            **super().discovery(),
            "authorization_endpoint": f"{self.url}{AUTHORIZE}",
            "token_endpoint": f"{self.url}{EXCHANGE}",
            "userinfo_endpoint": f"{self.url}{USERINFO}",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def userinfo(self) -> dict[str, Any]:
        """What is known of the person."""
        return self.person

    def come_back(self, address: str) -> str:
        """What the browser of the person would be sent to, had it opened ``address``."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked.append(query)
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def authorize(self, handler: BaseHTTPRequestHandler) -> None:
        """Send the person back."""
        send(handler, 302, b"", Location=self.come_back(f"{self.url}{handler.path}"))

    def exchange(self, handler: BaseHTTPRequestHandler) -> None:
        """A code, once, for an identity token."""
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        query = self._codes.pop(form["code"], None)
        if query is None or not self._is_right(form, query):
            return send(handler, 400, {"error": "invalid_grant"})
        stated = {"sub": self.person["sub"], "auth_time": int(time.time()), **self.stated}
        token = self.sign({"sub": ""}, aud=CLIENT, **stated)
        return send(handler, 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": token})

    def _is_right(self, form: dict[str, str], query: dict[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = form["redirect_uri"] == query["redirect_uri"] and challenge == query["code_challenge"]
        return same and (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)


__all__ = ["AUTHORIZE", "CLIENT", "DISCOVERY", "EXCHANGE", "SECRET", "USERINFO", "OpenIDProvider"]
