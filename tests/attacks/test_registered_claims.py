"""Issuer, audience, dates and id in every type and spelling: rightly signed, and refused all the same."""

import json
import time
from typing import Any

import pytest

from tests.attacks.forging import PAYLOAD, TOKEN, Attack, Make, Target, post
from tokens.models import UploadToken

AUDIENCE = "localhost:8443"
FAR = 10**6  # seconds


def saying(**claims: object) -> Make:
    """A rightly signed token with these claims as they are, null among them."""
    return lambda target: target.stolen(target.header(), {**target.payload(), **claims})


def dated(**offsets: float) -> Make:
    """A rightly signed token with dates so many seconds from now."""

    def make(target: Target) -> str:
        now = int(time.time())
        return saying(**{name: now + offset for name, offset in offsets.items()})(target)

    return make


def written(name: str, text: str) -> Make:
    """A rightly signed token whose claim is this very JSON text."""

    def make(target: Target) -> str:
        payload = json.dumps(target.payload(**{name: None}))
        return target.stolen(target.header(), f'{payload[:-1]}, "{name}": {text}}}')

    return make


def without(name: str) -> Make:
    """A rightly signed token that leaves a claim out."""
    return lambda target: target.stolen(target.header(), target.payload(**{name: None}))


def as_text(name: str) -> Make:
    """A rightly signed token that says a right number as a text."""
    return lambda target: saying(**{name: str(target.payload()[name])})(target)


def issued_by(change: object) -> Make:
    """A rightly signed token with another ``iss``, or one made of the right one."""
    return lambda target: saying(iss=change(target.issuer.url) if callable(change) else change)(target)


OTHER_ISSUERS: tuple[Any, ...] = (
    *(None, "", " ", 0, 1, -1, 1.5, True, False, [], {}, [[]], {"iss": "x"}, "x" * 3000, "\u0000", "\n"),
    *("https://a\u0000", "https://a\r\nHost: b", "http://127.0.0.1", "//", "javascript:alert(1)", "null"),
    *("https://token.actions.githubusercontent.com ", "HTTPS://token.actions.githubusercontent.com"),
    *("https://token.actions.githubusercontent.com.", "https://TOKEN.actions.githubusercontent.com"),
    *("https://token.actions.githubusercontent.com:443", "https://x@token.actions.githubusercontent.com"),
    *("https://token.actions.githubusercontent.com\u200b", "https://token.actions.g\u0131thubusercontent.com"),
    *("https://token.actions.githubusercontent.com/octo-org", "http://token.actions.githubusercontent.com"),
    *("token.actions.githubusercontent.com", "%68ttps://token.actions.githubusercontent.com"),
)
ISSUERS = [
    *(Attack(f"iss {value!r:.40}", issued_by(value), PAYLOAD) for value in OTHER_ISSUERS),
    Attack("a list of the right issuer", issued_by(lambda url: [url]), PAYLOAD),
    Attack("a list of it and another", issued_by(lambda url: [url, "https://gitlab.com"]), PAYLOAD),
    Attack("an object of it", issued_by(lambda url: {"url": url}), PAYLOAD),
    Attack("it with a slash", issued_by(lambda url: f"{url}/"), PAYLOAD),
    Attack("it with two slashes", issued_by(lambda url: f"{url}//"), PAYLOAD),
    Attack("it in capitals", issued_by(str.upper), PAYLOAD),
    Attack("it with a user", issued_by(lambda url: url.replace("//", "//user@")), PAYLOAD),
    Attack("it with a query", issued_by(lambda url: f"{url}?"), PAYLOAD),
    Attack("it with a fragment", issued_by(lambda url: f"{url}#"), PAYLOAD),
    Attack("it with a space before", issued_by(lambda url: f" {url}"), PAYLOAD),
    Attack("it with a line break behind", issued_by(lambda url: f"{url}\n"), PAYLOAD),
    Attack("it with dots", issued_by(lambda url: f"{url}/."), PAYLOAD),
    Attack("it with a percent escape", issued_by(lambda url: url.replace("1", "%31")), PAYLOAD),
    Attack("its beginning", issued_by(lambda url: url[:-1]), PAYLOAD),
    Attack("an issuer that is off", issued_by("https://accounts.google.com"), "not-enabled"),
    Attack("no iss", without("iss"), PAYLOAD),
]
OTHER_AUDIENCES: tuple[Any, ...] = (
    *(None, "", " ", 0, 8443, True, False, [], {}, [[]], [[AUDIENCE]], [None]),
    *({AUDIENCE: AUDIENCE}, {"0": AUDIENCE}, [AUDIENCE, AUDIENCE], [AUDIENCE, "pypi"], ["pypi", AUDIENCE]),
    *([AUDIENCE, ""], [AUDIENCE, None], AUDIENCE.upper(), AUDIENCE.title(), f"{AUDIENCE}.", "localhost."),
    *("localhost.:8443", "localhost", f"{AUDIENCE}/", f"https://{AUDIENCE}", f"{AUDIENCE} ", f" {AUDIENCE}"),
    *(f"{AUDIENCE},pypi", f"{AUDIENCE} pypi", f"{AUDIENCE}\u0000", f"{AUDIENCE}\n", f"{AUDIENCE}\u200b"),
    *("\uff4cocalhost:8443", "localho\u017ft:8443", "loca\u217chost:8443", "pypi", "sigstore", "*"),
)
AUDIENCES = [Attack(f"aud {value!r:.50}", saying(aud=value)) for value in OTHER_AUDIENCES]
NUMBERS = (
    *("1e400", "-1e400", "1e308", "-1e308", "NaN", "Infinity", "-Infinity", "9" * 32, "9" * 33, "9" * 5000, "-1"),
    "-0.5",
    *("0x7fffffff", "1_000", "01", "+1", ".5", "1.", "", "null", "true", "false", '""', '"x"', "[]", "{}", '"1e9"'),
    *("[9999999999]", '{"$numberLong": "1"}', "253402300800", "18446744073709551616", "1e30", "tru"),
)
# Not JSON, or JSON that is not taken: refused before anything is looked at.
NOT_STRICT = {
    *("1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 33, "9" * 5000),
    *("0x7fffffff", "1_000", "01", "+1", ".5", "1.", "", "tru"),
}
DATES = [
    *(
        Attack(f"{name} is {text:.30}", written(name, text), PAYLOAD if text in NOT_STRICT else TOKEN)
        for name in ("exp", "iat", "nbf")
        for text in NUMBERS
    ),
    *(Attack(f"{name} is a text of the right number", as_text(name)) for name in ("exp", "iat", "nbf")),
    *(Attack(f"no {name}", without(name)) for name in ("exp", "iat", "aud")),
    Attack("expired a minute ago", dated(iat=-120, exp=-60)),
    Attack("expired at the leeway's end", dated(iat=-120, exp=-31)),
    Attack("issued in a minute", dated(iat=60, exp=120)),
    Attack("valid in a minute", dated(iat=0, nbf=60, exp=120)),
    Attack("exp and iat swapped", dated(iat=300, exp=0)),
    Attack("iat at exp", dated(iat=20, exp=20)),
    Attack("valid for an hour and a second", dated(iat=-1, exp=3600)),
    Attack("valid for weeks", dated(iat=0, exp=FAR)),
    Attack("issued weeks ago", dated(iat=-FAR, exp=60)),
    Attack("the first second of all", saying(exp=0, iat=0, nbf=0)),
    Attack("the last second of all", saying(exp=253402300799)),
    Attack("another fraction of a second too long", dated(iat=0, exp=3600.5)),
]
NO_IDS: tuple[Any, ...] = (
    *(0, 1, -1, 1.5, True, False, None, [], {}, ["a"], [[]], {"a": 1}, "", "\n", "a\u0000"),
    *("a\u0000b", "a\u2028", "a" * 1025, "a" * 20_000, 10**31, "\x7f", "\x85"),
)
IDS = [Attack(f"jti {value!r:.40}", saying(jti=value)) for value in NO_IDS]


@pytest.mark.parametrize("case", ISSUERS, ids=str)
def test_an_issuer_is_named_exactly(case, target, attack):
    assert attack(case.make(target)).code == case.code


@pytest.mark.parametrize("case", AUDIENCES, ids=str)
def test_the_audience_is_this_registry_and_nobody_else(case, target, attack_signed):
    said = attack_signed(case.make(target))
    assert said.code == "invalid-token"
    assert f"`{AUDIENCE}`" in said.description


@pytest.mark.parametrize("case", DATES, ids=str)
def test_dates_are_numbers_of_seconds_that_hold_now(case, target, attack_signed):
    assert attack_signed(case.make(target)).code == case.code


@pytest.mark.parametrize("case", IDS, ids=str)
def test_an_id_is_a_text(case, target, attack_signed):
    assert attack_signed(case.make(target)).code == "invalid-token"


@pytest.mark.parametrize(
    "make",
    [
        saying(aud=[AUDIENCE]),
        dated(iat=20, exp=320),
        dated(iat=-320, exp=-20),
        dated(iat=-10.25, exp=60.75),
        dated(iat=0, exp=3600),
        written("nbf", "1e9"),
        written("nbf", "0"),
        saying(jti="a" * 1024),
        saying(jti="ü \u200b\u202e"),
        without("jti"),
        without("nbf"),
    ],
)
def test_what_these_nearly_say_is_granted_once(make, target):
    token = make(target)
    answers = [post("/_/oidc/mint-token", json.dumps({"token": token}).encode()) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 422], answers
    assert answers[1][1]["errors"][0]["code"] == "invalid-reuse-token"
    assert UploadToken.objects.count() == 1
