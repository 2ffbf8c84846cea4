"""Reports of leaked tokens, signed as GitHub's secret scanning signs them, with the keys on a local server."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.cache import cache
from post_office.models import Email

from registry import switches
from registry.models import Event
from tests.factories import TESTER, make_user
from tokens import secrets
from tokens.creating import create_api_token
from tokens.leaks import keys
from tokens.models import ApiToken, UploadToken

PATH = "/_/secrets/disclose-token"


class KeyServer:
    """Answers with public keys; counts how often it was asked, and with which token."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.entries = [entry("key-1", self.private)]
        self.status = 200
        self.asked: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.headers.get("Authorization"))
                body = json.dumps({"public_keys": outer.entries}).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


def entry(name, private):
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"key_identifier": name, "key": pem.decode(), "is_current": True}


@pytest.fixture
def service(settings, db):
    cache.clear()
    running = KeyServer()
    settings.DISCLOSURE_KEYS_URL, settings.DISCLOSURE_API_TOKEN = running.url, "for-the-keys"
    yield running
    running.server.shutdown()
    running.server.server_close()
    cache.clear()


def report(client, service, found, *, key_id="key-1", private=None, body=None, signature=None):
    body = json.dumps(found).encode() if body is None else body
    if signature is None:
        signed = (private or service.private).sign(body, ec.ECDSA(SHA256()))
        signature = base64.b64encode(signed).decode()
    headers = {"Github-Public-Key-Identifier": key_id, "Github-Public-Key-Signature": signature}
    return client.post(PATH, body, content_type="application/json", headers=headers)


def leaked(text, **members):
    return {"token": text, "type": "gatehouse_token", "url": "https://github.com/octo/repo/blob/main/x", **members}


@pytest.fixture
def api_token(db):
    """The text of alice's."""
    return create_api_token(make_user("alice"), name="laptop", scopes=["upload"], actor=TESTER)


def test_an_api_token_that_leaked_is_revoked_and_its_user_told(client, service, api_token):
    answer = report(client, service, [leaked(api_token, source="commit")])
    assert answer.status_code == 200
    assert answer.json() == [{"token_raw": api_token, "token_type": "gatehouse_token", "label": "true_positive"}]
    token = ApiToken.objects.get()
    assert token.revoked_at is not None
    assert token.revoked_reason == "Found in public: https://github.com/octo/repo/blob/main/x (commit)"
    event = Event.objects.get(tag="account:api_token:removed")
    assert (event.actor_name, event.username, event.address) == ("leak disclosure", "alice", "127.0.0.1")
    mail = Email.objects.get()
    assert mail.to == ["alice@example.com"]
    assert "https://github.com/octo/repo/blob/main/x" in mail.message
    assert api_token not in mail.message


def test_an_upload_token_that_leaked_is_revoked_and_the_owners_told(client, world, service):
    text = client.post("/_/oidc/mint-token", json.dumps({"token": world.token()}), content_type="application/json")
    answer = report(client, service, [leaked(text.json()["token"])])
    assert [one["label"] for one in answer.json()] == ["true_positive"]
    assert UploadToken.objects.get().revoked_at is not None
    assert Event.objects.filter(tag="project:oidc:upload-token-revoked", project=world.project).count() == 1
    assert Email.objects.filter(subject__contains="an upload token was revoked").count() == 1


def test_the_same_report_again_changes_nothing_and_still_knows_the_token(client, service, api_token):
    for _ in range(2):
        answer = report(client, service, [leaked(api_token)])
        assert [one["label"] for one in answer.json()] == ["true_positive"]
    assert Event.objects.filter(tag="account:api_token:removed").count() == 1
    assert Email.objects.count() == 1


@pytest.mark.parametrize("members", [{"url": None}, {"url": ""}, {"source": None}])
def test_a_token_that_was_found_somewhere_is_revoked(client, service, api_token, members):
    answer = report(client, service, [leaked(f" {api_token}\n", **members)])
    assert [(one["token_raw"], one["label"]) for one in answer.json()] == [(f" {api_token}\n", "true_positive")]
    assert ApiToken.objects.get().revoked_reason.startswith("Found in public: ")


def test_a_leaked_token_is_revoked_also_while_the_registry_is_read_only(client, service, api_token):
    switches.switch_off("writing", "an incident", TESTER)
    assert report(client, service, [leaked(api_token)]).status_code == 200
    assert ApiToken.objects.get().revoked_at is not None


def test_noise_and_tokens_of_others_are_said_to_be_none_of_ours(client, service):
    found = ["ghp_noise", secrets.new(secrets.API), secrets.new(secrets.UPLOAD), "", "x" * 5000, "gth_api_\u00fc"]
    answer = report(client, service, [leaked(text) for text in found])
    assert [one["label"] for one in answer.json()] == ["false_positive"] * len(found)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "found",
    [
        {},
        None,
        "token",
        [1],
        [{}],
        [{"token": 1, "type": "t", "url": "u"}, None],
        [leaked("x")] * 501,
    ],
)
def test_what_is_no_report_is_refused_with_a_sentence(client, service, found):
    answer = report(client, service, found)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("A report ")


@pytest.mark.parametrize("odd", [1, None, [], {}, {"token": 1, "type": "t"}, {"type": "t", "url": "u"}])
def test_an_entry_that_cannot_be_read_keeps_no_other_from_being_revoked(client, service, api_token, odd, caplog):
    answer = report(client, service, [odd, leaked(api_token), odd])
    assert answer.status_code == 200
    assert [(one["token_raw"], one["label"]) for one in answer.json()] == [(api_token, "true_positive")]
    assert ApiToken.objects.get().revoked_at is not None
    assert "2 of 3 entries" in caplog.text
    assert api_token not in caplog.text


@pytest.mark.parametrize(
    "members", [{"type": 1}, {"type": None}, {"url": 1}, {"url": ["x"], "source": {}}, {"more": 1}]
)
def test_a_token_is_revoked_whatever_else_its_entry_says(client, service, api_token, members):
    answer = report(client, service, [leaked(api_token, **members)])
    assert [one["label"] for one in answer.json()] == ["true_positive"]
    assert ApiToken.objects.get().revoked_at is not None


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'[{"token": "\\ud800"}]', b"\xff", b"NaN"])
def test_what_is_no_json_is_refused_with_a_sentence(client, service, body):
    assert report(client, service, None, body=body).status_code == 400


@pytest.mark.parametrize("signature", ["", "no base64", "AAAA", base64.b64encode(b"x" * 70).decode()])
def test_a_wrong_signature_is_refused_and_nothing_revoked(client, service, api_token, signature):
    answer = report(client, service, [leaked(api_token)], signature=signature)
    assert answer.status_code == 400
    assert ApiToken.objects.get().revoked_at is None


def test_another_key_or_another_body_is_refused(client, service, api_token):
    found = [leaked(api_token)]
    other = ec.generate_private_key(ec.SECP256R1())
    assert report(client, service, found, private=other).status_code == 400
    signature = base64.b64encode(service.private.sign(b"[]", ec.ECDSA(SHA256()))).decode()
    assert report(client, service, found, signature=signature).status_code == 400
    assert ApiToken.objects.get().revoked_at is None


def test_keys_are_fetched_with_the_token_once_and_kept(client, service, api_token):
    for _ in range(5):
        report(client, service, [leaked("x")])
    assert service.asked == ["Bearer for-the-keys"]


def test_an_unknown_key_is_asked_for_once_a_minute(client, service):
    assert report(client, service, [], key_id="key-1").status_code == 200
    for number in range(10):
        assert report(client, service, [], key_id=f"key-{number + 2}").status_code == 400
    assert len(service.asked) == 1
    cache.delete(keys.ASKED)
    service.entries.append(entry("key-2", service.private))
    assert report(client, service, [], key_id="key-2").status_code == 200
    assert len(service.asked) == 2


def test_while_the_keys_cannot_be_had_the_stored_ones_serve(client, service, monkeypatch):
    assert report(client, service, []).status_code == 200
    service.status = 500
    cache.delete(keys.ASKED)
    monkeypatch.setattr(keys, "FRESH", -keys.FRESH)
    assert report(client, service, []).status_code == 200
    assert len(service.asked) == 2


def test_without_any_key_the_reporter_shall_come_again(client, service):
    service.status = 500
    answer = report(client, service, [])
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


@pytest.mark.parametrize(
    "entries", [[], "none", [1, {}], [{"key_identifier": "key-1", "key": "no pem"}], [{"key_identifier": "key-1"}]]
)
def test_a_key_set_without_a_usable_key_is_none(client, service, entries):
    service.entries = entries
    assert report(client, service, []).status_code == 503


def test_a_key_of_another_kind_is_none(client, service):
    service.entries = [
        entry("key-1", rsa.generate_private_key(65537, 2048)),
        entry("key-2", ec.generate_private_key(ec.SECP384R1())),
    ]
    assert report(client, service, [], key_id="key-1").status_code == 503


def test_it_is_not_there_unless_it_is_set_up(client, db, settings):
    settings.DISCLOSURE_KEYS_URL = ""
    assert client.post(PATH, "[]", content_type="application/json").status_code == 404


def test_a_body_that_is_too_long_is_not_read(client, service):
    assert report(client, service, None, body=b" " * (1024 * 1024 + 1)).status_code == 413


def test_a_get_is_no_report(client, service):
    assert client.get(PATH).status_code == 405
