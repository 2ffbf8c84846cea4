"""No request to the public endpoints answers 500, whatever is sent."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publishers import keys
from publishers.models import Publisher
from registry.models import User
from tests.issuers import trust

CALM = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW = settings(CALM, max_examples=30)

POSTS = ["/_/oidc/mint-token", "/_/oidc/github/mint-token", "/_/oidc/check", "/_/oidc/burn-token", "/legacy/"]
texts = st.text(st.characters(), max_size=60)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "HTTP_ACCEPT",
            "HTTP_AUTHORIZATION",
            "CONTENT_TYPE",
            "HTTP_USER_AGENT",
            "HTTP_X_FORWARDED_FOR",
            "HTTP_IF_NONE_MATCH",
            "HTTP_RANGE",
            "HTTP_COOKIE",
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
    | st.sampled_from(["Basic x", "Bearer", "bearer a b", "multipart/form-data; boundary=x", "bytes=0-", "*/*;q=2"]),
    max_size=4,
)

pytestmark = pytest.mark.django_db


def answer(method, path, body=b"", **extra):
    extra.setdefault("CONTENT_LENGTH", str(len(body)))
    content_type = extra.pop("CONTENT_TYPE", "application/json")
    response: Any = Client().generic(method, path, body, content_type=content_type, **extra)
    if response.streaming:
        list(response.streaming_content)
    assert response.status_code < 500 or response.status_code == 503, (method, path, body, extra, response.content)
    return response


@CALM
@given(path=st.sampled_from(POSTS), body=st.binary(max_size=300), extra=headers)
def test_any_bytes(path, body, extra):
    answer("POST", path, body, **extra)


@CALM
@given(path=st.sampled_from(POSTS[:3]), payload=values, extra=headers)
def test_any_json(path, payload, extra):
    answer("POST", path, json.dumps(payload).encode("utf-8", "surrogatepass"), **extra)


@CALM
@given(
    path=st.sampled_from(POSTS[:3]),
    token=texts
    | st.lists(values, min_size=2, max_size=3).map(
        lambda parts: (
            ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
            + ".AAAA"
        )
    ),
    projects=values,
    features=values,
)
def test_any_members(path, token, projects, features):
    body = json.dumps({"token": token, "projects": projects, "features": features})
    answer("POST", path, body.encode("utf-8", "surrogatepass"))


@CALM
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]),
    path=st.sampled_from(
        [
            "/",
            "/_/oidc/audience",
            "/.well-known/pytp",
            "/simple/",
            "/simple/{}/",
            "/files/{}",
            "/pypi/{}/json",
            "/pypi/x/{}/json",
            "/integrity/{}/1/x/provenance",
            "/integrity/x/{}/x/provenance",
            "/integrity/x/1/{}/provenance",
            "/project/{}/",
            "/legacy",
            "/healthz",
            "/readyz",
            "/{}",
            "/files/ab/cd/ef/{}",
        ]
    ),
    piece=texts,
    query=texts,
    extra=headers,
)
def test_any_address(method, path, piece, query, extra):
    address = path.format(quote(piece.encode("utf-8", "surrogatepass"), safe="/"))
    asked = {"discover": query.encode("utf-8", "surrogatepass"), "format": piece[:3].encode("ascii", "ignore")}
    answer(method, f"{address}?{urlencode(asked)}", **extra)


@FEW
@given(
    changes=st.dictionaries(
        st.sampled_from(
            [
                "repository",
                "repository_owner",
                "repository_id",
                "repository_owner_id",
                "workflow_ref",
                "job_workflow_ref",
                "ref",
                "ref_type",
                "sha",
                "environment",
                "event_name",
                "jti",
                "iat",
                "exp",
                "nbf",
                "aud",
                "sub",
                "ref_protected",
                "runner_environment",
            ]
        ),
        values | st.sampled_from(["\x00", "a\x00b", 10**30, -1, 1e300, ["localhost:8443"], "x" * 2000, "İ", "\u2028"]),
        max_size=3,
    )
)
def test_any_claims_rightly_signed(changes, place):
    body = json.dumps({"token": place(changes)})
    response = answer("POST", "/_/oidc/mint-token", body.encode())
    assert response.status_code in {200, 422}, response.content
    if response.status_code == 422:
        assert response.json()["errors"][0]["code"] in {"invalid-payload", "invalid-token", "invalid-publisher"}


@pytest.fixture
def place(transactional_db, issuer, authority_file):
    """Signs tokens of a publisher that stands, with claims changed."""
    row = trust(issuer, ca_file=authority_file)
    keys.refresh(row)
    owner = User.objects.create_user("alice")
    Publisher.objects.create(
        issuer=row,
        project_name="brand-new",
        added_by=owner,
        values={"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"},
    )

    def sign(changes):
        claims = {**issuer.github_claims(), **changes}
        header = json.dumps({"typ": "JWT", "alg": "RS256", "kid": issuer.key.key_id})
        registered = json.loads(base64.urlsafe_b64decode(issuer.sign().split(".")[1] + "=="))
        payload = json.dumps({**registered, **claims})
        return issuer.sign_text(header, payload)

    return sign
