"""Keys as the production server gets them: rotated, withdrawn, poisoned, late, or not to be had at all."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from demo.issuer import DISCOVERY, KEY_SET, LocalIssuer, send
from demo.signing import SigningKey, encoded
from publishers import keys
from publishers.models import Issuer
from tests import issuers
from tests.issuers import eventually, trust
from tests.publishers.test_keys import HOUR, MINUTE, anew, fetches, later

MINT = "/_/oidc/mint-token"
GRANTED, NO_SUCH_KEY, UNAVAILABLE = (200, ""), (422, "invalid-token"), (503, "keys-unavailable")
# Clients give up after so many seconds.
PATIENCE = 5


def answer(job, token):
    """The status and the code that a token is answered with."""
    told = job.post(MINT, {"token": token})
    if told.status_code == 503:
        assert 1 <= int(told.headers["Retry-After"]) <= 60
    return told.status_code, "" if told.ok else told.json()["errors"][0]["code"]


@pytest.fixture
def another(authority, signing_key):
    """A second issuer, that nobody trusts yet."""
    with LocalIssuer(authority, key=signing_key) as running:
        yield running


def unknown(job, number=0):
    """A token that names a key that its issuer does not have: anybody can make one."""
    return job.world.local.sign(aud=job.server.audience, headers={"kid": f"unknown {number}"})


# -- rotation and removal ------------------------------------------------------------------------------------------


def test_a_new_key_is_fetched_when_a_token_names_it_but_once_a_minute(job):
    local = job.world.local
    local.requests.clear()
    local.rotate()
    assert answer(job, job.token()) == NO_SUCH_KEY
    assert fetches(local) == 0
    later(job.world.issuer, MINUTE)
    assert answer(job, job.token()) == GRANTED
    assert fetches(local) == 1


def test_a_key_that_disappears_is_refused_after_the_next_refresh(job):
    local, old = job.world.local, job.world.local.key
    new = local.rotate()
    local.withdraw(old)
    later(job.world.issuer, 61 * MINUTE)
    local.key = old
    assert answer(job, job.token()) == GRANTED
    eventually(lambda: list(anew(job.world.issuer).keys) == [new.key_id])
    assert answer(job, job.token()) == NO_SUCH_KEY
    local.key = new
    assert answer(job, job.token()) == GRANTED


# -- outage --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_gone", [False, True], ids=["answers 503", "port closed"])
def test_an_issuer_that_is_down_is_believed_for_a_day(job, is_gone):
    local, row = job.world.local, job.world.issuer
    if is_gone:
        local.stop()
    local.faults[DISCOVERY] = issuers.answering(503)
    later(row, 23 * HOUR)
    assert answer(job, job.token()) == GRANTED
    eventually(lambda: anew(row).refresh_error)
    later(row, 2 * HOUR)
    local.requests.clear()
    assert [answer(job, job.token()) for _ in range(3)] == [UNAVAILABLE] * 3
    assert fetches(local) == (0 if is_gone else 1)
    assert list(anew(row).keys) == [local.key.key_id]


def test_when_it_is_back_its_tokens_are_granted(job):
    local, row = job.world.local, job.world.issuer
    local.faults[DISCOVERY] = issuers.answering(503)
    later(row, 25 * HOUR)
    assert answer(job, job.token()) == UNAVAILABLE
    del local.faults[DISCOVERY]
    assert answer(job, job.token()) == UNAVAILABLE, "a failed fetch has its minute too"
    later(row, MINUTE)
    assert answer(job, job.token()) == GRANTED


# -- many at once, on two machines with six workers ------------------------------------------------------------------


@pytest.fixture
def machines(job, registry_server_with_four_workers):
    """The same job at two servers."""
    return [job, job.at(registry_server_with_four_workers)]


def at_once(machines, tokens):
    """The answers to tokens that are sent at the same moment, to one machine and the other in turn."""
    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(lambda pair: answer(machines[pair[0] % 2], pair[1]), enumerate(tokens)))


def test_a_flood_of_unknown_keys_is_one_fetch_a_minute(machines):
    job = machines[0]
    local = job.world.local
    for expected in (1, 2):
        later(job.world.issuer, MINUTE)
        local.requests.clear()
        # Who comes while a slow machine fetches may be told to come back.
        assert {*at_once(machines, [unknown(job, number) for number in range(40)])} <= {NO_SUCH_KEY, UNAVAILABLE}
        assert {*at_once(machines, [unknown(job, number) for number in range(40)])} == {NO_SUCH_KEY}
        assert local.requests == [DISCOVERY, KEY_SET], f"minute {expected}"
    assert answer(job, job.token()) == GRANTED


def test_a_flood_while_the_issuer_is_down_is_one_fetch_a_minute_too(machines):
    job = machines[0]
    local = job.world.local
    local.faults[DISCOVERY] = issuers.answering(500)
    later(job.world.issuer, MINUTE)
    local.requests.clear()
    for _ in range(2):
        assert {*at_once(machines, [unknown(job, number) for number in range(40)])} == {UNAVAILABLE}
    assert local.requests == [DISCOVERY]
    assert answer(job, job.token()) == GRANTED, "what is known still serves"


def test_the_first_tokens_of_an_issuer_are_one_fetch_and_all_are_granted(machines):
    local = machines[0].world.local
    Issuer.objects.update(keys={}, keys_refreshed_at=None, refresh_claimed_at=None, refresh_finished_at=None)
    local.requests.clear()
    tokens = [machines[number % 2].token() for number in range(12)]
    assert at_once(machines, tokens) == [GRANTED] * 12
    assert local.requests == [DISCOVERY, KEY_SET]


# -- slow issuers --------------------------------------------------------------------------------------------------


def slowly(issuer: LocalIssuer, seconds: float) -> dict[str, Any]:
    """Answers both documents rightly, each so late."""

    def late(document: Callable[[], Any]) -> issuers.Fault:
        def fault(handler: BaseHTTPRequestHandler) -> None:
            issuer.stopping.wait(seconds)
            send(handler, 200, document())

        return fault

    return {DISCOVERY: late(issuer.discovery), KEY_SET: late(issuer.key_set)}


SLOW: dict[str, Callable[[LocalIssuer], dict[str, Any]]] = {
    "each document late": lambda issuer: slowly(issuer, 2.9),
    "silent": lambda issuer: {DISCOVERY: issuers.silent(issuer)},
    "dripping": lambda issuer: {KEY_SET: issuers.dripping(issuer, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")},
}
# More than all threads of the server: 2 workers with 8 each.
CROWD = 40


@pytest.mark.parametrize("kind", SLOW)
def test_a_slow_issuer_under_load_holds_up_no_token_of_another(job, another, authority_file, kind):
    trust(another, ca_file=authority_file)
    another.faults = SLOW[kind](another)
    assert max(crowd_out(job, [another])) < PATIENCE
    assert fetches(another) == 1


def crowd_out(job, slow):
    """Tokens of a good issuer are granted while a crowd waits for slow ones: how long each of those waited in vain."""

    def timed(token):
        began = time.monotonic()
        return answer(job, token), time.monotonic() - began

    tokens = [slow[number % len(slow)].sign(aud=job.server.audience) for number in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as pool:
        waiting = [pool.submit(timed, token) for token in tokens]
        eventually(lambda: all(issuer.requests for issuer in slow))
        prompt = [timed(job.token()) for _ in range(20)]
    late = [each.result() for each in waiting]
    assert [told for told, _ in prompt] == [GRANTED] * 20
    # A second at most, and what a busy machine adds; a fetch takes three.
    assert max(seconds for _, seconds in prompt) < 2
    assert [told for told, _ in late] == [UNAVAILABLE] * CROWD
    return [seconds for _, seconds in late]


def test_nor_where_there_are_few_threads(job_at, start, another, authority_file):
    trust(another, ca_file=authority_file)
    another.faults[DISCOVERY] = issuers.silent(another)
    crowd_out(job_at(start(WORKERS="1", THREADS="4")), [another])


def test_nor_do_many_slow_issuers(job_at, start, authority, authority_file, signing_key):
    with ExitStack() as stack:
        slow = [stack.enter_context(LocalIssuer(authority, key=signing_key)) for _ in range(10)]
        for issuer in slow:
            trust(issuer, ca_file=authority_file)
            issuer.faults[DISCOVERY] = issuers.silent(issuer)
        crowd_out(job_at(start(WORKERS="1")), slow)


def test_an_issuer_that_is_late_but_in_time_is_waited_for(job):
    local = job.world.local
    local.faults = slowly(local, 1)
    later(job.world.issuer, 25 * HOUR)
    assert answer(job, job.token()) == GRANTED


def test_an_old_set_answers_at_once_however_slow_its_issuer_is(job):
    local = job.world.local
    local.faults[DISCOVERY] = issuers.silent(local)
    local.requests.clear()
    later(job.world.issuer, 61 * MINUTE)
    began = time.monotonic()
    assert [answer(job, job.token()) for _ in range(20)] == [GRANTED] * 20
    assert time.monotonic() - began < 4.5  # and not the 5 seconds of a fetch
    assert fetches(local) == 1


# -- poisoned key sets ---------------------------------------------------------------------------------------------


HMAC_SECRET = b"known to all who read the key set"
WEAK, OPEN, FOR_SECRECY = SigningKey.new(bits=1024), SigningKey.new("ES256"), SigningKey.new()
ELLIPTIC = SigningKey.new("ES256")


def other_curve():
    point = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    x, y = encoded(point.x.to_bytes(32)), encoded(point.y.to_bytes(32))
    return {"kty": "EC", "crv": "secp256k1", "x": x, "y": y, "kid": "other curve", "use": "sig"}


BAD_KEYS = {
    "hmac": {"kty": "oct", "kid": "hmac", "alg": "HS256", "k": encoded(HMAC_SECRET)},
    "hmac without its secret": {"kty": "oct", "kid": "hmac without its secret"},
    "weak": WEAK.jwk(kid="weak"),
    "with its private part": OPEN.jwk(kid="with its private part", d=encoded(b"\x01" * 32)),
    "for secrecy": FOR_SECRECY.jwk(kid="for secrecy", use="enc"),
    "other curve": other_curve(),
    "wrong curve": ELLIPTIC.jwk(kid="wrong curve", crv="P-384"),
    "for key agreement": SigningKey.new("EdDSA").jwk(kid="for key agreement", crv="X25519"),
    "for hmac": FOR_SECRECY.jwk(kid="for hmac", alg="HS256"),
    "no key": {"kid": "no key"},
}


def poison(job, *bad):
    """Publish bad keys before and after the good one, and let it be fetched by who names it."""
    local = job.world.local
    local.documents[KEY_SET] = {"keys": [*bad, local.key.jwk(), 7, None, {}, []]}
    Issuer.objects.update(
        keys={},
        keys_refreshed_at=None,
        refresh_claimed_at=None,
        refresh_finished_at=None,
        algorithms=["RS256", "ES256", "EdDSA"],
    )


def by_hmac(claims_of):
    """A token "signed" by HMAC with what the key set tells everybody."""
    payload = claims_of.split(".")[1]
    header = encoded(json.dumps({"typ": "JWT", "alg": "HS256", "kid": "hmac"}).encode())
    digest = hmac.digest(HMAC_SECRET, f"{header}.{payload}".encode(), hashlib.sha256)
    return f"{header}.{payload}.{encoded(digest)}"


def test_bad_keys_do_not_spoil_a_set_and_verify_nothing(job):
    poison(job, *BAD_KEYS.values())
    assert answer(job, job.token()) == GRANTED
    assert list(anew(job.world.issuer).keys) == [job.world.local.key.key_id]
    assert answer(job, by_hmac(job.token())) == NO_SUCH_KEY
    signed = {
        name: answer(job, job.world.local.sign(aud=job.server.audience, key=key, headers={"kid": name}))
        for name, key in {
            "weak": WEAK,
            "with its private part": OPEN,
            "for secrecy": FOR_SECRECY,
            "for hmac": FOR_SECRECY,
            "wrong curve": ELLIPTIC,
        }.items()
    }
    assert signed == dict.fromkeys(signed, NO_SUCH_KEY)


def test_a_key_of_the_wrong_kind_verifies_nothing(job):
    local = job.world.local
    poison(job, ELLIPTIC.jwk(kid="elliptic"))
    assert answer(job, job.token()) == GRANTED
    assert "elliptic" in anew(job.world.issuer).keys

    def signed(**options):
        return answer(job, local.sign(aud=job.server.audience, headers={"kid": "elliptic"}, **options))

    assert signed(key=ELLIPTIC) == GRANTED
    assert signed() == NO_SUCH_KEY, "RSA by the id of an elliptic key"
    local.key, rsa = ELLIPTIC, local.key
    assert answer(job, local.sign(aud=job.server.audience, headers={"kid": rsa.key_id})) == NO_SUCH_KEY
    Issuer.objects.update(algorithms=["RS256"])
    assert signed(key=ELLIPTIC) == NO_SUCH_KEY, "the row takes RS256 only"


def whole_set(count):
    return {"keys": [ELLIPTIC.jwk(kid=f"key {number}") for number in range(count)]}


BAD_SETS: dict[str, issuers.Fault] = {
    name: issuers.answering(200, json.dumps(document).encode())
    for name, document in {
        "a key id twice": {"keys": [ELLIPTIC.jwk(kid="k"), WEAK.jwk(kid="k")]},
        "51 keys": whole_set(51),
        "bad keys only": {"keys": [*BAD_KEYS.values()]},
        "no keys": {"keys": []},
        "no list": {"keys": ELLIPTIC.jwk()},
        "more than 256 KiB": whole_set(1) | {"padding": " " * 256 * 1024},
    }.items()
} | {
    "a bomb": issuers.bomb(),
    "a redirect": issuers.answering(302, Location=KEY_SET),
    "a member twice": issuers.answering(200, b'{"keys": [], "keys": []}'),
    "an error": issuers.answering(500),
    "cut off": issuers.answering(200, b'{"keys": [', Content_Length="100"),
}


def test_a_set_that_is_not_taken_changes_nothing(job):
    local = job.world.local
    kept = anew(job.world.issuer).keys
    outcomes = {}
    for name, fault in BAD_SETS.items():
        local.faults[KEY_SET] = fault
        row = later(job.world.issuer, 2 * MINUTE)
        outcomes[name] = (answer(job, unknown(job)), answer(job, job.token()))
        after = anew(row)
        assert (after.keys, after.keys_refreshed_at) == (kept, row.keys_refreshed_at), name
        assert after.refresh_error, name
    assert outcomes == dict.fromkeys(BAD_SETS, (UNAVAILABLE, GRANTED))


def test_fifty_keys_are_taken(job):
    local = job.world.local
    local.documents[KEY_SET] = {"keys": [*whole_set(49)["keys"], local.key.jwk()]}
    later(job.world.issuer, 25 * HOUR)
    assert answer(job, job.token()) == GRANTED
    assert len(anew(job.world.issuer).keys) == 50


# -- what an administrator decides -----------------------------------------------------------------------------------


def test_a_dropped_key_is_refused_at_once_and_stays_away(job):
    local, row = job.world.local, job.world.issuer
    assert answer(job, job.token()) == GRANTED
    leaked, new = local.key, local.rotate()
    keys.refresh(row)
    keys.drop(row, leaked.key_id)
    by_the_leaked = local.sign(aud=job.server.audience, key=leaked)
    assert answer(job, by_the_leaked) == NO_SUCH_KEY
    later(row, 25 * HOUR)
    assert answer(job, job.token()) == GRANTED
    assert answer(job, by_the_leaked) == NO_SUCH_KEY
    assert list(anew(row).keys) == [new.key_id]


def test_pasted_keys_serve_without_the_issuer(job):
    local, row = job.world.local, job.world.issuer
    local.stop()
    keys.paste(row, local.key_set())
    later(row, 400 * 24 * HOUR)
    assert answer(job, job.token()) == GRANTED
    assert answer(job, unknown(job)) == NO_SUCH_KEY


# -- where keys come from ------------------------------------------------------------------------------------------


def discovery(issuer: LocalIssuer, /, **changes: Any) -> issuers.Fault:
    return issuers.answering(200, json.dumps(issuer.discovery() | changes).encode())


def at(issuer: LocalIssuer, path: str = KEY_SET, scheme: str = "https", user: str = "") -> str:
    return f"{scheme}://{user}{issuer.url.partition('://')[2]}{path}"


def test_a_discovery_document_that_is_not_taken_brings_no_keys(job, another, authority_file):
    row = trust(another, ca_file=authority_file)
    bad = {
        "another issuer": discovery(another, issuer=job.world.local.url),
        "a slash more": discovery(another, issuer=another.url + "/"),
        "no issuer": discovery(another, issuer=None),
        "no address of keys": discovery(another, jwks_uri=None),
        "keys over http": discovery(another, jwks_uri=at(another, scheme="http")),
        "keys in a file": discovery(another, jwks_uri="file:///etc/passwd"),
        "an address with credentials": discovery(another, jwks_uri=at(another, user="user:password@")),
        "an address with a user": discovery(another, jwks_uri=at(another, user="user@")),
        "an address that is none": discovery(another, jwks_uri="https://[::1"),
        "a redirect": issuers.answering(301, Location="/elsewhere"),
        "more than 256 KiB": discovery(another, padding=" " * 256 * 1024),
        "a bomb": issuers.bomb(),
        "deep": issuers.answering(200, b"[" * 100_000),
    }
    outcomes = {}
    for name, fault in bad.items():
        another.faults[DISCOVERY] = fault
        another.requests.clear()
        later(row, MINUTE)
        outcomes[name] = answer(job, another.sign(aud=job.server.audience))
        assert another.requests == [DISCOVERY], name
        assert (anew(row).keys, bool(anew(row).refresh_error)) == ({}, True), name
    assert outcomes == dict.fromkeys(bad, UNAVAILABLE)


def test_the_keys_may_be_on_another_host(job, another):
    local = job.world.local
    another.rotate()
    local.documents[DISCOVERY] = local.discovery() | {"jwks_uri": at(another)}
    local.key = another.key
    later(job.world.issuer, MINUTE)
    assert answer(job, job.token()) == GRANTED
    assert another.requests == [KEY_SET]


def test_a_certificate_that_nobody_vouches_for_brings_no_keys(job, another):
    row = trust(another)
    assert answer(job, another.sign(aud=job.server.audience)) == UNAVAILABLE
    assert "could not be trusted over TLS" in anew(row).refresh_error
    assert another.requests == []


@pytest.mark.parametrize(("allowed", "told"), [(False, UNAVAILABLE), (True, (422, "invalid-publisher"))])
def test_http_is_for_this_machine_and_only_if_the_row_allows_it(job, signing_key, allowed, told):
    with LocalIssuer(key=signing_key) as plain:
        trust(plain, allow_http_loopback=allowed)
        # That no publisher stands there is said only of a token that was verified.
        assert answer(job, plain.sign(aud=job.server.audience)) == told
