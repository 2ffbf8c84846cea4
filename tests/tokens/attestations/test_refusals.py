"""Attestations that do not hold: each is refused by its reason, and nothing is stored."""

import base64
import copy
import datetime
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from registry.models import File
from tests.registry.uploads import making
from tests.sigstore.instance import SLSA, Sigstore, github, gitlab, statement_of
from tests.tokens.attestations.conftest import WHEEL, WRONG
from tokens.attestations.reading import MAX_SIZE

HOUR = 3600
REPOSITORY = "https://github.com/octo-org/sampleproject"
NOT_VERIFIED = "Could not verify the uploaded file using the included attestation"


def changed(attestation, *path, to):
    """A copy with another value at ``path``."""
    copied = copy.deepcopy(attestation)
    place = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return copied


def flipped(text):
    """Base64 of the same bytes, but for the last."""
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return base64.b64encode(bytes(data)).decode()


@pytest.mark.parametrize(
    ("workload", "why"),
    [
        (github("octo-org/another"), "Source"),
        (github("evil/sampleproject"), "Source"),
        (github(workflow="ci.yml"), "does not match expected Trusted Publisher"),
        (
            github(**{"18": "https://github.com/octo-org/sampleproject/.github/workflows/release.yml@refs/heads/x"}),
            "match",
        ),
        (github(**{"8": "https://token.actions.githubusercontent.com/acme"}), "OIDCIssuerV2"),
        (github(**{"15": "75"}), "another repository or owner that had the same name"),
        (github(**{"17": "66"}), "another repository or owner that had the same name"),
        (gitlab(), "OIDCIssuerV2"),
        (("publisher@example.com", {"8": "https://accounts.google.com"}), "OIDCIssuerV2"),
        (("https://example.com", {}), "OIDCIssuerV2"),
    ],
)
def test_of_another_workload(desk, workload, why):
    said = desk.refusal([desk.attest(workload=workload)])
    assert said.startswith(NOT_VERIFIED)
    assert why in said


def test_of_another_file(desk):
    said = desk.refusal([desk.attest(filename="another-1.0-py3-none-any.whl")])
    assert "is of the file 'another-1.0-py3-none-any.whl', not of this one" in said
    assert "is of the file 'sampleproject-1.0.tar.gz'" in desk.refusal(
        [desk.attest(filename="sampleproject-1.0.tar.gz")]
    )
    assert "of the file 'no name'" in desk.refusal([desk.attest(filename="no name")])


def test_of_other_bytes(desk):
    assert "of other bytes under this file name" in desk.refusal([desk.attest(sha256="0" * 64)])


def test_of_no_file_or_several(desk):
    statement = statement_of(WHEEL, desk.sha256)
    several: list[list[Any]] = [[], statement["subject"] * 2]
    for subjects in several:
        refused = desk.refusal([desk.attest(statement={**statement, "subject": subjects})])
        assert refused.startswith(NOT_VERIFIED)
    nameless = [{"digest": {"sha256": desk.sha256}}]
    assert "is no statement" in desk.refusal([desk.attest(statement={**statement, "subject": nameless})])
    other_digest = [{"name": WHEEL, "digest": {"sha512": "0" * 128}}]
    assert "of other bytes" in desk.refusal([desk.attest(statement={**statement, "subject": other_digest})])


@pytest.mark.parametrize("statement", [b"", b"{}", b"[1]", b"\xff\xfe", b"[" * 20_000, b'{"_type": 1}'])
def test_whose_statement_is_none(desk, statement):
    assert desk.refusal([desk.attest(statement=statement)]).startswith(NOT_VERIFIED)


def test_of_a_kind_that_pypi_does_not_take(desk):
    said = desk.refusal([desk.attest(kind="https://slsa.dev/provenance/v0.2")])
    assert said == "The predicate type https://slsa.dev/provenance/v0.2 is not taken here."


def test_too_many(desk):
    one, slsa = desk.attest(), desk.attest(kind=SLSA)
    assert desk.refusal([one, slsa, slsa]) == "A file may have at most 2 attestations, one of each predicate type."
    assert "there may be one of each" in desk.refusal([one, one])
    assert "there may be one of each" in desk.refusal([slsa, desk.attest(kind=SLSA)])


def test_none_is_said_by_leaving_the_field_out(desk):
    assert desk.refusal([]).startswith("Malformed attestations: an empty list.")


def test_one_that_does_not_hold_beside_one_that_does(desk):
    desk.refusal([desk.attest(), desk.attest(kind=SLSA, workload=github("octo-org/another"))])


@pytest.mark.parametrize(
    "path",
    [
        ("envelope", "statement"),
        ("envelope", "signature"),
        ("verification_material", "certificate"),
        ("verification_material", "transparency_entries", 0, "inclusionPromise", "signedEntryTimestamp"),
        ("verification_material", "transparency_entries", 0, "inclusionProof", "rootHash"),
        ("verification_material", "transparency_entries", 0, "inclusionProof", "hashes", 0),
        ("verification_material", "transparency_entries", 0, "canonicalizedBody"),
    ],
)
def test_that_was_tampered_with(desk, path):
    attestation = desk.attest()
    place = attestation
    for step in path:
        place = place[step]
    desk.refusal([changed(attestation, *path, to=flipped(place))])


def test_whose_log_entry_is_anothers(desk):
    one, other = desk.attest(), desk.attest()
    said = desk.refusal([{**one, "verification_material": other["verification_material"]}])
    assert said.startswith(NOT_VERIFIED)
    entries = other["verification_material"]["transparency_entries"]
    said = desk.refusal([changed(one, "verification_material", "transparency_entries", to=entries)])
    assert said.startswith(NOT_VERIFIED)
    mine = one["verification_material"]["transparency_entries"]
    said = desk.refusal([changed(one, "verification_material", "transparency_entries", to=mine + entries)])
    assert said == "Malformed attestations: there may be one transparency log entry in each."


def test_that_is_in_no_log(desk):
    one = desk.attest()
    entry = ("verification_material", "transparency_entries", 0)
    without_promise = copy.deepcopy(one)
    del without_promise["verification_material"]["transparency_entries"][0]["inclusionPromise"]
    assert "inclusion promise" in desk.refusal([without_promise])
    no_checkpoint = changed(one, *entry, "inclusionProof", "checkpoint", to=None)
    assert desk.refusal([no_checkpoint]).startswith(NOT_VERIFIED)


def test_of_another_sigstore(desk):
    other = Sigstore()
    assert "certificate chain" in desk.refusal([other.attest(WHEEL, desk.sha256)])
    mixed = Sigstore()
    mixed.authority = desk.sigstore.authority
    assert "log entry" in desk.refusal([mixed.attest(WHEEL, desk.sha256)])
    unlogged = Sigstore()
    unlogged.log, unlogged.authority.key = desk.sigstore.log, desk.sigstore.authority.key
    unlogged.authority.name = desk.sigstore.authority.name
    assert "SCT" in desk.refusal([unlogged.attest(WHEEL, desk.sha256)])


def test_signed_when_the_certificate_was_not_valid(desk):
    now = int(time.time())
    assert desk.refusal([desk.attest(logged=now - HOUR)]).startswith(NOT_VERIFIED)
    early = datetime.datetime.fromtimestamp(now - HOUR, datetime.UTC)
    assert desk.refusal([desk.attest(began=early)]).startswith(NOT_VERIFIED)


def test_an_old_one_of_a_certificate_that_has_ended_is_taken(desk):
    then = int(time.time()) - HOUR
    early = datetime.datetime.fromtimestamp(then - 60, datetime.UTC)
    assert desk.upload([desk.attest(logged=then, began=early)]).status_code == 200


ONE = {
    "version": 1,
    "verification_material": {"certificate": "AAAA", "transparency_entries": [{}]},
    "envelope": {"statement": "AAAA", "signature": "AAAA"},
}


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "{}",
        "1",
        '"x"',
        "[1]",
        "[null]",
        "[[]]",
        "[{}]",
        "nonsense",
        "[" * 60_000,
        "[" * 3_000_000,
        '[{"version": ' + "9" * 5000 + "}]",
        '[{"a": NaN}]',
        '[{"a": 1, "a": 1}]',
        '["\\ud800"]',
        "[\x00]",
        "[☃]",
        json.dumps([changed(ONE, "version", to=2)]),
        json.dumps([changed(ONE, "version", to="1")]),
        json.dumps([ONE]),
        json.dumps([changed(ONE, "envelope", to=[])]),
        json.dumps([changed(ONE, "envelope", "statement", to="☃")]),
        json.dumps([changed(ONE, "verification_material", "certificate", to=7)]),
        json.dumps([changed(ONE, "verification_material", "transparency_entries", to=[])]),
        json.dumps([changed(ONE, "verification_material", "transparency_entries", to=[{"logIndex": "1" * 30}])]),
        json.dumps([ONE] * 400),
        json.dumps([changed(ONE, "envelope", "signature", to="A" * MAX_SIZE)]),
    ],
    ids=lambda text: str(text[:40]),
)
def test_whatever_else_comes(desk, text):
    assert desk.refusal(text)


def test_bytes_that_are_no_text(desk):
    body, content_type = making.body(making.form(desk.content, WHEEL, attestations="[PLACE]"))
    headers = {"authorization": making.basic(desk.token())}
    body = body.replace(b"[PLACE]", b"[\xff\xfe\x00\xed\xa0\x80]")
    answer = desk.client.generic("POST", "/legacy/", body, content_type, headers=headers)
    assert answer.status_code == 400
    assert answer.content.decode().startswith(WRONG)
    assert not File.objects.exists()


def test_the_field_comes_once(desk):
    form = making.form(desk.content, WHEEL, attestations=["[]", "[]"])
    answer = making.upload(desk.client, desk.token(), form)
    assert answer.status_code == 400
    assert not File.objects.exists()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def _paths(value, before=()):
    """Where something stands in a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in steps:
        yield (*before, step)
        yield from _paths(below, (*before, step))


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_nonsense_is_more_than_a_refusal(desk, data):
    attestation = desk.attest()
    path = data.draw(st.sampled_from(sorted(_paths(attestation), key=str)))
    wrong, right = data.draw(_JSON), attestation
    for step in path:
        right = right[step]
    assume(wrong != right)
    token = getattr(desk, "kept", None) or desk.token()
    desk.kept = token
    answer = desk.upload([changed(attestation, *path, to=wrong)], token)
    assert answer.status_code == 400, answer.content
    assert answer.content.decode().startswith(WRONG)
    assert not File.objects.exists()
