"""JSON that two readers understand differently, and bodies that are none: in a token and around it."""

import gzip
import http.client
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from demo.signing import encoded
from tests.attacks.forging import CHECK, MINT, Target, post
from tests.server import RegistryServer

# -- within a token ------------------------------------------------------------------------------------------------

Spoil = Callable[[str], str | bytes]


def member(text: str) -> Spoil:
    """A further member at the end of the object."""
    return lambda document: f"{document[:-1]}, {text}}}"


def before(text: str) -> Spoil:
    """A further member at its beginning."""
    return lambda document: f"{{{text}, {document[1:]}"


def deep(opening: str, closing: str, depth: int) -> str:
    return opening * depth + closing * depth


DOCUMENTS: dict[str, Spoil] = {
    "a member twice": member('"alg": "RS256", "iss": "https://gitlab.com"'),
    "a member twice with the right value": before('"alg": "none", "alg": "RS256", "iss": 1'),
    "a member twice in other letters": member('"\\u0069ss": "x", "\\u0061lg": "none"'),
    "a member twice far inside": member('"x": [{"y": {"z": 1, "\\u007a": 2}}]'),
    "a lone surrogate": member('"x": "\\ud800"'),
    "a lone low surrogate": member('"x": "\\udc00\\ud800"'),
    "a lone surrogate as a name": member('"\\udfff": 1'),
    "half a surrogate pair at the end": member('"x": "a\\ud83d"'),
    "NaN": member('"x": NaN'),
    "Infinity": member('"x": [-Infinity]'),
    "a number out of range": member('"x": 1e309'),
    "33 digits": member('"x": ' + "1" * 33),
    "ten thousand digits": member('"x": ' + "1" * 10_000),
    "ten thousand digits behind the point": member('"x": 0.' + "1" * 10_000 + "e999999999"),
    "lists in lists": member('"x": ' + deep("[", "]", 10_000)),
    "objects in objects": member('"x": ' + deep('{"x":', "}", 3_000).replace(":}", ":1}", 1)),
    "33 levels": member('"x": ' + deep("[", "]", 33)),
    "lists that do not end": lambda document: document[:-1] + ', "x": ' + "[" * 30_000,
    "a comment": lambda document: f"{document} // comment",
    "a comma too many": lambda document: f"{document[:-1]},}}",
    "two objects": lambda document: f"{document}{document}",
    "a list around": lambda document: f"[{document}]",
    "a text around": json.dumps,
    "single quotes": lambda document: document.replace('"', "'"),
    "a byte order mark": lambda document: f"\ufeff{document}",
    "a NUL behind": lambda document: f"{document}\0",
    "UTF-16": lambda document: document.encode("utf-16"),
    "UTF-16 without a mark": lambda document: document.encode("utf-16-le"),
    "UTF-32": lambda document: document.encode("utf-32"),
    "UTF-7": lambda document: document[:-1].encode() + b', "x": "+ADw-\xff"}',
    "an overlong octet": lambda document: document.encode().replace(b'"', b"\xc0\xa2", 1),
    "Latin-1": lambda document: document[:-1].encode() + b', "x": "\xe9"}',
    "a surrogate in UTF-8": lambda document: document[:-1].encode() + b', "x": "\xed\xa0\x80"}',
    "gzip": lambda document: gzip.compress(document.encode()),
    "a control character in a text": member('"x": "a\nb"'),
    "nothing": lambda _document: " ",
}


@pytest.mark.parametrize("spoil", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("where", ["header", "payload"])
def test_a_document_of_a_token_is_read_in_one_way_or_not_at_all(target: Target, attack, spoil, where):
    documents = {"header": json.dumps(target.header()), "payload": json.dumps(target.payload())}
    documents[where] = spoil(documents[where])
    said = attack(target.stolen(documents["header"], documents["payload"]))
    assert said.code == "invalid-payload"
    assert where in said.description


@pytest.mark.parametrize(
    "spoil",
    [
        member('"x": ' + deep("[", "]", 31)),
        member('"x": "' + "[" * 1000 + '{\\""'),
        member('"x": ' + "1" * 32),
        member('"x": -1.5e-300'),
        member('"x": "\\ud83d\\ude00"'),
        member('"\U0001f600": "\u200b\u202e\u0130"'),
        lambda document: f"\t\r\n {document} \n",
    ],
)
def test_what_they_nearly_are_is_granted(target, spoil):
    token = target.stolen(json.dumps(target.header()), spoil(json.dumps(target.payload())))
    assert post(MINT, json.dumps({"token": token}).encode())[0] == 200


@pytest.mark.parametrize("claim", ['"x": "\\u0000"', '"\\u0000": 1', '"x": {"y": ["\\u0000"]}', '"x\\u0000": {}'])
def test_a_nul_that_no_database_stores_is_refused_in_a_claim_that_nobody_reads(target, attack_signed, claim):
    said = attack_signed(target.stolen(json.dumps(target.header()), member(claim)(json.dumps(target.payload()))))
    assert (said.code, "NUL" in said.description) == ("invalid-token", True)


# -- around a token ------------------------------------------------------------------------------------------------


BODIES: dict[str, Callable[[str], bytes]] = {
    "the token alone": str.encode,
    "the token as a text": lambda token: json.dumps(token).encode(),
    "a list of it": lambda token: json.dumps([{"token": token}]).encode(),
    "a list in it": lambda token: json.dumps({"token": [token]}).encode(),
    "an object in it": lambda token: json.dumps({"token": {"token": token}}).encode(),
    "a form": lambda token: f"token={token}".encode(),
    "a form of JSON": lambda token: b"%7B%22token%22%3A%20%22" + token.encode() + b"%22%7D",
    "two tokens": lambda token: f'{{"token": "x", "token": "{token}"}}'.encode(),
    "the same token twice": lambda token: f'{{"token": "{token}", "token": "{token}"}}'.encode(),
    "a token twice in other letters": lambda token: f'{{"token": "{token}", "\\u0074oken": "x"}}'.encode(),
    "another name": lambda token: json.dumps({"Token": token}).encode(),
    "a name with a space": lambda token: json.dumps({"token ": token}).encode(),
    "a byte order mark": lambda token: b"\xef\xbb\xbf" + json.dumps({"token": token}).encode(),
    "UTF-16": lambda token: json.dumps({"token": token}).encode("utf-16"),
    "UTF-32": lambda token: json.dumps({"token": token}).encode("utf-32-be"),
    "gzip": lambda token: gzip.compress(json.dumps({"token": token}).encode()),
    "a comma too many": lambda token: f'{{"token": "{token}",}}'.encode(),
    "two documents": lambda token: json.dumps({"token": token}).encode() * 2,
    "half a document": lambda token: json.dumps({"token": token}).encode()[:-1],
    "a NUL behind": lambda token: json.dumps({"token": token}).encode() + b"\0",
    "lists in lists": lambda token: f'{{"token": "{token}", "x": {deep("[", "]", 5000)}}}'.encode(),
    "lists that do not end": lambda token: f'{{"token": "{token}", "x": '.encode() + b"[" * 50_000,
    "a lone surrogate": lambda token: f'{{"token": "{token}", "x": "\\ud800"}}'.encode(),
    "a token with a lone surrogate": lambda token: f'{{"token": "{token}\\udc00"}}'.encode(),
    "ten thousand digits": lambda token: f'{{"token": "{token}", "x": {"1" * 10_000}}}'.encode(),
    "NaN": lambda token: f'{{"token": "{token}", "x": NaN}}'.encode(),
    "projects that are no list": lambda token: json.dumps({"token": token, "projects": "sampleproject"}).encode(),
    "projects that are an object": lambda token: json.dumps({"token": token, "projects": {"a": 1}}).encode(),
    "no project": lambda token: json.dumps({"token": token, "projects": []}).encode(),
    "a project that is none": lambda token: json.dumps({"token": token, "projects": ["a", None]}).encode(),
    "a project with a slash": lambda token: json.dumps({"token": token, "projects": ["../a"]}).encode(),
    "a look-alike project": lambda token: json.dumps({"token": token, "projects": ["\u0455ampleproject"]}).encode(),
    "a NUL in a project": lambda token: json.dumps({"token": token, "projects": ["sampleproject\0"]}).encode(),
    "101 projects": lambda token: json.dumps({"token": token, "projects": [f"p{n}" for n in range(101)]}).encode(),
    "a feature that nobody has": lambda token: json.dumps({"token": token, "features": ["admin"]}).encode(),
    "features that exclude each other": lambda token: json.dumps(
        {"token": token, "features": ["single-use-token", "multi-use-token"]}
    ).encode(),
    "a feature that is a list": lambda token: json.dumps({"token": token, "features": [["single-use-token"]]}).encode(),
    "features that are a text": lambda token: json.dumps({"token": token, "features": "single-use-token"}).encode(),
}


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_request_is_refused_though_a_good_token_is_in_it(target, attack_raw, make):
    assert attack_raw(make(target.token())).code == "invalid-payload"


@pytest.mark.parametrize("header", ["HTTP_CONTENT_ENCODING", "HTTP_X_HTTP_METHOD_OVERRIDE"])
def test_no_header_makes_another_body_of_it(target, attack_raw, header):
    body = gzip.compress(json.dumps({"token": target.token()}).encode())
    assert attack_raw(body, **{header: "gzip"}).code == "invalid-payload"


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        ("", 411, "length-required"),
        ("-1", 411, "length-required"),
        ("+10", 411, "length-required"),
        ("1e3", 411, "length-required"),
        ("10, 10", 411, "length-required"),
        (" ", 411, "length-required"),
        ("\u0661\u0662", 411, "length-required"),
        ("65537", 413, "payload-too-large"),
        ("9" * 15, 413, "payload-too-large"),
        ("9" * 5000, 413, "payload-too-large"),
        ("0", 422, "invalid-payload"),
        ("1", 422, "invalid-payload"),
    ],
)
@pytest.mark.parametrize("path", [MINT, CHECK])
def test_a_length_that_is_none_or_too_great(target, path, length, status, code):
    body = json.dumps({"token": target.token()}).encode()
    answered, document = post(path, body, CONTENT_LENGTH=length)
    assert (answered, document["errors"][0]["code"]) == (status, code)


@pytest.mark.parametrize("path", [MINT, CHECK])
def test_64_kib_are_read_and_not_one_octet_more(target, path):
    body = json.dumps({"token": target.token()}).encode()
    assert post(path, body.ljust(65536))[0] == 200
    assert post(path, body.ljust(65537))[0] == 413


def test_no_document_takes_long(target):
    """Whatever 64 KiB say, the answer comes in a moment."""
    started = time.perf_counter()
    for piece in ('["', "[", '{"a":', '"\\', '\\"', "1", "[1,", '"a",', "-", "1e", "\\u0000", '"" ""', "\u2028"):
        payload = encoded((piece * 45_000).encode()[:45_000])
        post(MINT, json.dumps({"token": f"{encoded(b'{}')}.{payload}.AAAA"}).encode()[:65_536])
        post(MINT, (piece * 65_000).encode()[:65_000])
    assert time.perf_counter() - started < 10


@pytest.mark.django_db(transaction=True)
class TestAtTheServer:
    """What only a real server is sent."""

    def ask(self, server: RegistryServer, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        connection = server.connection(20)
        try:
            connection.putrequest("POST", MINT)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.RemoteDisconnected:
            return 0, b""
        finally:
            connection.close()

    def test_a_chunked_body_is_asked_for_its_length(self, registry_server: RegistryServer):
        chunks = b'd\r\n{"token": "a"\r\n1\r\n}\r\n0\r\n\r\n'
        status, body = self.ask(registry_server, chunks, {"Transfer-Encoding": "chunked"})
        assert (status, json.loads(body)["errors"][0]["code"]) == (411, "length-required")

    @pytest.mark.parametrize("encoding", ["gzip, chunked", "chunked, chunked", "identity", "xchunked", "CHUNKED"])
    def test_another_encoding_of_the_transfer_is_no_500(self, registry_server: RegistryServer, encoding):
        registry_server.mark()
        status, _body = self.ask(registry_server, b"0\r\n\r\n", {"Transfer-Encoding": encoding})
        assert status in {0, 400, 411, 501}
        assert "Traceback" not in registry_server.news()

    def test_two_lengths_are_no_request(self, registry_server: RegistryServer):
        """Which of them holds is what a proxy in front and a server behind could see differently."""
        both = {"Content-Length": "15", "Transfer-Encoding": "chunked"}
        status, _body = self.ask(registry_server, b"0\r\n\r\n" + b"G" * 10, both)
        assert status in {0, 400, 411}

    def test_a_packed_body_is_not_unpacked(self, registry_server: RegistryServer):
        body = gzip.compress(b'{"token": "' + b"a" * 1_000_000 + b'"}')
        headers = {"Content-Length": str(len(body)), "Content-Encoding": "gzip"}
        status, answer = self.ask(registry_server, body, headers)
        assert (status, json.loads(answer)["errors"][0]["code"]) == (422, "invalid-payload")

    def test_no_length_is_asked_for(self, registry_server: RegistryServer):
        status, body = self.ask(registry_server, b"", {})
        assert (status, json.loads(body)["errors"][0]["code"]) == (411, "length-required")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", [MINT, CHECK])
def test_a_token_is_posted_and_nothing_else(target, path, method):
    body = json.dumps({"token": target.token()}).encode()
    response = Client().generic(method, path, body, content_type="application/json")
    assert (response.status_code, response["Allow"]) == (405, "POST")
