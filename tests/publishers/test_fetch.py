import gzip
import json
import socket
import threading
import time

import pytest

from demo.issuer import DISCOVERY, LocalIssuer
from publishers import fetch
from publishers.fetch import FetchFailed, get_json
from tests import issuers

DEADLINE = 0.4
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def get(issuer, authority_file):
    """Fetch the issuer's discovery document."""
    return lambda **options: get_json(issuer.url + DISCOVERY, ca_file=authority_file, **options)


@pytest.fixture
def plain(signing_key):
    """An issuer over HTTP."""
    with LocalIssuer(key=signing_key) as running:
        yield running


def test_gets_json(issuer, get):
    answer = get()
    assert answer.status == 200
    assert answer.document == issuer.discovery()


def test_shows_the_bearer_and_nothing_of_the_environment(issuer, authority_file, monkeypatch, tmp_path):
    seen = []

    def fault(handler):
        seen.append(handler.headers)
        issuers.answering(200)(handler)

    issuer.faults["/seen"] = fault
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("NETRC", issuers.file_of(tmp_path, "machine localhost login somebody password secret"))
    get_json(f"{issuer.url}/seen", ca_file=authority_file, bearer="the-bearer")
    get_json(f"{issuer.url}/seen", ca_file=authority_file)
    assert [headers.get("Authorization") for headers in seen] == ["Bearer the-bearer", None]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_other_statuses_are_answers(issuer, get, status):
    issuer.faults[DISCOVERY] = issuers.answering(status, b'{"message": "no"}')
    assert get() == fetch.Answer(status, {"message": "no"})
    issuer.faults[DISCOVERY] = issuers.answering(status, b"<html>")
    assert get() == fetch.Answer(status, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(issuer, get, status):
    issuer.faults[DISCOVERY] = issuers.answering(status, Location="/elsewhere")
    with pytest.raises(FetchFailed, match="redirects"):
        get()
    assert issuer.requests == [DISCOVERY]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (issuers.answering(200, b"<html>"), "not JSON"),
        (issuers.answering(200, b'{"a": 1, "a": 2}'), "repeats a member"),
        (issuers.answering(200, b"[" * 200_000), "nests deeper"),
        (issuers.answering(200, b"\xff"), "not UTF-8"),
        (issuers.answering(200, b'"' + b" " * 256 * 1024 + b'"'), "more than 256 KiB"),
        (issuers.answering(200, b"{}", Content_Encoding="gzip"), "did not answer as HTTP asks"),
        (issuers.bomb(), "more than 256 KiB"),
        (issuers.answering(200, b"", Content_Length="100"), None),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), None),
        (lambda handler: handler.wfile.write(HEAD + b"Content-Length: x\r\nA\r\n\r\n"), None),
        (lambda handler: handler.connection.close(), None),
    ],
)
def test_an_answer_that_is_not_taken(issuer, get, fault, sentence):
    issuer.faults[DISCOVERY] = fault
    with pytest.raises(FetchFailed, match=sentence):
        get()


def test_an_answer_may_be_packed(issuer, get):
    issuer.faults[DISCOVERY] = issuers.answering(200, gzip.compress(b'{"a": 1}'), Content_Encoding="gzip")
    assert get().document == {"a": 1}


def test_256_kib_are_taken(issuer, get):
    body = json.dumps(" " * (256 * 1024 - 2)).encode()
    issuer.faults[DISCOVERY] = issuers.answering(200, body)
    assert len(body) == 256 * 1024
    assert get().status == 200


@pytest.mark.parametrize(
    "fault",
    [
        issuers.silent,
        lambda issuer: issuers.dripping(issuer, HEAD, b"X: y\r\n"),
        lambda issuer: issuers.dripping(issuer, HEAD + b"X: ", b"y"),
        lambda issuer: issuers.dripping(issuer, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda issuer: issuers.dripping(issuer, HEAD + b"Content-Length: 9999\r\n\r\n", b" "),
        lambda issuer: issuers.dripping(issuer, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["silence", "headers", "one header", "continue", "body", "chunks"],
)
def test_the_time_is_by_the_clock(issuer, get, fault):
    issuer.faults[DISCOVERY] = fault(issuer)
    assert _refused_in_time(lambda: get(seconds=DEADLINE))
    issuers.eventually(lambda: not _fetching())


@pytest.mark.parametrize("greeting", [b"", b"\x16\x03\x03\x40\x00"], ids=["silence", "a long record"])
def test_the_time_includes_tls(greeting):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()
        peer = threading.Thread(target=_drip, args=(server, greeting, stop))
        peer.start()
        assert _refused_in_time(lambda: get_json(f"https://127.0.0.1:{server.getsockname()[1]}/", seconds=DEADLINE))
        issuers.eventually(lambda: not _fetching())
        stop.set()
        peer.join()


def test_the_time_includes_the_name(monkeypatch):
    found = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found.wait(20) and [])
    assert _refused_in_time(lambda: get_json("https://slow.example/", seconds=DEADLINE))
    found.set()
    issuers.eventually(lambda: not _fetching())


def test_a_connection_that_comes_too_late_is_cut(issuer, authority_file, monkeypatch):
    found, resolve = threading.Event(), socket.getaddrinfo

    def slow(*arguments, **options):
        found.wait(20)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    assert _refused_in_time(lambda: get_json(issuer.url, ca_file=authority_file, seconds=DEADLINE))
    found.set()
    issuers.eventually(lambda: not _fetching())
    assert issuer.requests == []


def test_no_time_is_no_fetch(issuer, get):
    with pytest.raises(FetchFailed, match="No time"):
        get(seconds=0)
    assert issuer.requests == []


def test_a_certificate_must_be_of_an_authority(issuer, tmp_path):
    with pytest.raises(FetchFailed, match=r"could not be trusted over TLS: .*certificate"):
        get_json(issuer.url)
    with pytest.raises(FetchFailed, match="cannot be read"):
        get_json(issuer.url, ca_file=str(tmp_path / "absent"))
    with pytest.raises(FetchFailed):
        get_json(issuer.url, ca_file=issuers.file_of(tmp_path, "no certificate"))


def test_a_certificate_must_be_for_the_name(issuer, authority_file, monkeypatch):
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **kw: resolve("127.0.0.1", *rest, **kw))
    with pytest.raises(FetchFailed, match="could not be trusted over TLS: Hostname mismatch"):
        get_json(issuer.url.replace("localhost", "other.example"), ca_file=authority_file)
    assert issuer.requests == []


def test_a_port_where_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchFailed, match="cannot be reached"):
        get_json(f"https://127.0.0.1:{port}/")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_http_only_to_this_machine_and_only_if_allowed(plain, host):
    url = plain.url.replace("127.0.0.1", host) + DISCOVERY
    assert get_json(url, allow_http_loopback=True).status == 200
    with pytest.raises(FetchFailed, match="not an https address"):
        get_json(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://[::ffff:192.0.2.1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://127.1/",
        "http://[::1",
        "http://127.0.0.1\\@example.com/",
        "http://127.0.0.1@example.com/",
        "https://user:password@example.com/",
        "https://exam ple.com/",
        "https://example.com/ ",
        "https://example.com\n/",
        "https://example.com/\r\nX: y",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://ex%61mple.com/",
        "https://exämple.com/",
        "https:///path",
        "HTTPS://example.com/",
        "https://example.com/\ud800",
        "https://" + "a" * 300_000 + ".example/",
    ],
)
def test_an_address_that_is_not_fetched(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
    with pytest.raises(FetchFailed) as failed:
        get_json(url, allow_http_loopback=True)
    assert len(str(failed.value)) < 300
    assert str(failed.value).isprintable()


def test_a_bearer_with_a_line_break_is_not_repeated():
    with pytest.raises(FetchFailed) as failed:
        get_json("https://127.0.0.1:1/", bearer="secret\r\nX: y")
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None


def _refused_in_time(fetching) -> bool:
    before = time.monotonic()
    with pytest.raises(FetchFailed, match="within the time allowed"):
        fetching()
    return time.monotonic() - before < DEADLINE + 3


def _fetching() -> bool:
    return any(thread.name == "fetch" for thread in threading.enumerate())


def _drip(server: socket.socket, greeting: bytes, stop: threading.Event) -> None:
    connection, _ = server.accept()
    with connection:
        try:
            connection.sendall(greeting)
            while not stop.wait(0.05):
                if greeting:
                    connection.sendall(b"\0")
        except OSError:
            pass
