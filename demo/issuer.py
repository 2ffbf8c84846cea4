"""A real OpenID issuer on this machine, which answers as GitHub's does: for the demonstration and the tests.

Discovery document, key set, and the endpoint at which a job asks for its identity token.
Claims: https://docs.github.com/en/actions/reference/security/oidc
"""

import json
import secrets
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import trustme

from demo.signing import SigningKey, changed, encoded

DISCOVERY = "/.well-known/openid-configuration"
KEY_SET = "/.well-known/jwks"
TOKEN = "/token"
LIFETIME = 300  # seconds, as GitHub's tokens live


class LocalIssuer:
    """An issuer at ``url``, over HTTPS with a certificate of ``tls``, or over HTTP on the loopback without.

    ``documents`` replaces what a path answers, ``faults`` replaces how: a function that is given the handler.
    ``requests`` lists what was asked, as paths. ``job`` is what its tokens
    say to who shows ``request_token``. ``path`` stands behind the host, as GitHub Enterprise Server's.
    """

    def __init__(
        self,
        tls: trustme.CA | None = None,
        *,
        audience: str = "localhost:8443",
        key: SigningKey | None = None,
        path: str = "",
        port: int = 0,
    ) -> None:
        self.audience = audience
        self.key = key or SigningKey.new()
        self.published = [self.key]
        self.documents: dict[str, Any] = {}
        self.faults: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[str] = []
        self.stopping = threading.Event()
        self.job = self.github_claims()
        self.request_token = secrets.token_urlsafe(24)
        self._server = _Server(("127.0.0.1", port), self, tls)
        scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
        self.origin = f"{scheme}://{host}:{self._server.server_port}"
        self.url = self.origin + path
        self._prefix = path.removesuffix("/")

    def start(self) -> "LocalIssuer":
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, args=(0.01,), name="issuer", daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port; answers that are being dripped end too."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    # -- tokens ------------------------------------------------------------------------------------------

    def sign(
        self,
        claims: dict[str, Any] | None = None,
        *,
        headers: dict[str, Any] | None = None,
        key: SigningKey | None = None,
        algorithm: str | None = None,
        **changes: Any,
    ) -> str:
        """A fresh identity token: ``claims`` (as ``github_claims`` makes them), issuer, audience, dates, a new jti.

        ``changes`` replace claims and ``headers`` header members; None leaves one out.
        """
        key = key or self.key
        algorithm = algorithm or key.algorithm
        now = int(time.time())
        registered = {
            "iss": self.url,
            "aud": self.audience,
            "iat": now,
            "nbf": now - 5,
            "exp": now + LIFETIME,
        }
        stated = {**registered, "jti": str(uuid.uuid4()), **(claims or self.github_claims())}
        header = {"typ": "JWT", "alg": algorithm, "kid": key.key_id}
        return self.sign_text(
            json.dumps(changed(header, headers or {})),
            json.dumps(changed(stated, changes)),
            key=key,
            algorithm=algorithm,
        )

    def sign_text(
        self, header: str, payload: str, *, key: SigningKey | None = None, algorithm: str | None = None
    ) -> str:
        """A token of exactly these two texts, whether they are JSON or not."""
        key = key or self.key
        signing_input = f"{encoded(header.encode())}.{encoded(payload.encode())}"
        signature = key.signature(signing_input.encode(), algorithm or key.algorithm)
        return f"{signing_input}.{encoded(signature)}"

    def github_claims(
        self,
        owner: str = "octo-org",
        repository: str = "sampleproject",
        workflow: str = "release.yml",
        environment: str | None = None,
        ref: str = "refs/heads/main",
        **changes: Any,
    ) -> dict[str, Any]:
        """What GitHub says of a job, without the registered claims; a change to None leaves a claim out."""
        full_name, sha = f"{owner}/{repository}", "f113f89dd0d6b9a8a3a6b42d0a3d4d9b6a5c5e5f"
        workflow_ref = f"{full_name}/.github/workflows/{workflow}@{ref}"
        owner_id, repository_id = "65", "74"
        # Repositories created since July 2026 have their ids in the subject.
        place = f"repo:{owner}@{owner_id}/{repository}@{repository_id}"
        claims = {
            "sub": f"{place}:environment:{environment}" if environment else f"{place}:ref:{ref}",
            "repository": full_name,
            "repository_id": repository_id,
            "repository_owner": owner,
            "repository_owner_id": owner_id,
            "repository_visibility": "public",
            "workflow": "Release",
            "workflow_ref": workflow_ref,
            "workflow_sha": sha,
            "job_workflow_ref": workflow_ref,
            "job_workflow_sha": sha,
            "ref": ref,
            "ref_type": "tag" if ref.startswith("refs/tags/") else "branch",
            "ref_protected": "true",
            "base_ref": "",
            "head_ref": "",
            "sha": sha,
            "event_name": "push",
            "environment": environment,
            "runner_environment": "github-hosted",
            "run_id": "30433642",
            "run_number": "10",
            "run_attempt": "2",
            "check_run_id": "41233642",
            "actor": "octocat",
            "actor_id": "12",
        }
        return changed(claims, {"environment": environment, **changes})

    @property
    def token_url(self) -> str:
        """ACTIONS_ID_TOKEN_REQUEST_URL of a job; clients add ``&audience=``, and show ``request_token``."""
        return f"{self.url.removesuffix('/')}{TOKEN}?api-version=2.0"

    # -- keys --------------------------------------------------------------------------------------------

    def rotate(self, key: SigningKey | None = None) -> SigningKey:
        """Sign with another key from now on, and publish it beside the old ones."""
        self.key = key or SigningKey.new(self.key.algorithm)
        self.published.append(self.key)
        return self.key

    def withdraw(self, key: SigningKey) -> None:
        """Publish a key no longer."""
        self.published.remove(key)

    def key_set(self) -> dict[str, Any]:
        """The JWKS document."""
        return {"keys": [key.jwk() for key in self.published]}

    def discovery(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url.removesuffix('/')}{KEY_SET}",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": [
                "sub",
                "aud",
                "exp",
                "iat",
                "iss",
                "jti",
                "nbf",
                *self.github_claims(environment="e"),
            ],
            "id_token_signing_alg_values_supported": [self.key.algorithm],
            "scopes_supported": ["openid"],
        }

    # -- answers -----------------------------------------------------------------------------------------

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        address = urlsplit(handler.path)
        path = address.path.removeprefix(self._prefix)
        self.requests.append(path)
        if path in self.faults:
            return self.faults[path](handler)
        if path in self.documents:
            return send(handler, 200, self.documents[path])
        if path == TOKEN:
            return self._answer_token(handler, parse_qs(address.query))
        known = {DISCOVERY: self.discovery, KEY_SET: self.key_set}
        return send(handler, 200, known[path]()) if path in known else send(handler, 404, {"message": "Not Found"})

    def _answer_token(self, handler: BaseHTTPRequestHandler, query: dict[str, list[str]]) -> None:
        scheme, _, request_token = handler.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(
            request_token.encode(), self.request_token.encode()
        ):
            return send(handler, 401, {"message": "Bad credentials"})
        owner = f"https://github.com/{self.job.get('repository_owner')}"
        return send(handler, 200, {"value": self.sign(self.job, aud=query.get("audience", [owner])[0])})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], issuer: LocalIssuer, tls: trustme.CA | None) -> None:
        class Handler(_Handler):
            answer = staticmethod(issuer.answer)

        super().__init__(address, Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.issue_cert("localhost", "127.0.0.1").configure_cert(context)
            # Shaken hands in the handler's thread: a client that does not must not hold up the others.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    answer: Callable[[BaseHTTPRequestHandler], None]
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        """Answer as the issuer does."""
        self.answer(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a query may hold what does not belong in a log."""


def send(handler: BaseHTTPRequestHandler, status: int, document: Any, **headers: str) -> None:
    """Answer with ``document`` as JSON, or with the bytes that it is."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
