import datetime
import threading
import time
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from demo.issuer import DISCOVERY, KEY_SET, LocalIssuer
from demo.signing import SigningKey
from publishers import keys, refreshing
from publishers.errors import InvalidToken, KeysUnavailable
from publishers.fetch import FetchFailed
from publishers.jwk import BadKeySet
from publishers.models import Issuer
from tests import issuers
from tests.issuers import eventually

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR = 60, 3600


@pytest.fixture(autouse=True)
def settled():
    """No fetch outlives its test."""
    yield
    refreshing.settle()


@pytest.fixture
def known(trusted, issuer):
    """A row whose keys were fetched a moment ago."""
    keys.find(trusted, issuer.key.key_id)
    issuer.requests.clear()
    return anew(trusted)


def anew(row: Issuer) -> Issuer:
    return Issuer.objects.get(pk=row.pk)


def later(row: Issuer, seconds: float) -> Issuer:
    """The row as it is when ``seconds`` have passed: every time in it lies further back."""
    row = anew(row)
    span = datetime.timedelta(seconds=seconds)
    for name in ("keys_refreshed_at", "refresh_claimed_at", "refresh_finished_at"):
        moment = getattr(row, name)
        Issuer.objects.filter(pk=row.pk).update(**{name: moment and moment - span})
    return anew(row)


def fetches(issuer: LocalIssuer) -> int:
    return issuer.requests.count(DISCOVERY)


def ask(row: Issuer, key_id: str) -> tuple[threading.Thread, list[Any]]:
    """Look for a key in another thread, as another worker would."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(keys.find(row, key_id).key_id)
        except (InvalidToken, KeysUnavailable) as refused:
            found.append(type(refused))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


@pytest.fixture
def held(issuer):
    """The issuer answers nothing until ``held.set()``."""
    released = threading.Event()
    issuer.faults[DISCOVERY] = lambda handler: (
        released.wait(20),
        issuers.answering(200, b"null")(handler) if issuer.stopping.is_set() else _discovery(issuer, handler),
    )
    yield released
    released.set()


def _discovery(issuer, handler):
    from demo.issuer import send

    send(handler, 200, issuer.discovery())


# When a set is fetched


def test_the_first_token_fetches_the_keys(trusted, issuer):
    key = keys.find(trusted, issuer.key.key_id)
    assert key.key_id == issuer.key.key_id
    assert key.public == issuer.key.private.public_key()
    assert issuer.requests == [DISCOVERY, KEY_SET]
    row = anew(trusted)
    assert row.keys[key.key_id]["jwk"] == issuer.key.jwk(use=None)
    assert row.refresh_error == ""


@pytest.mark.parametrize("age", [0, 59 * MINUTE])
def test_a_young_set_is_not_fetched(known, issuer, age, django_assert_num_queries):
    row = later(known, age)
    with django_assert_num_queries(0):
        assert keys.find(row, issuer.key.key_id)
    assert fetches(issuer) == 0


@pytest.mark.parametrize("age", [61 * MINUTE, 23 * HOUR])
def test_an_older_set_answers_at_once_and_is_refreshed_behind(known, issuer, held, age):
    row = later(known, age)
    assert keys.find(row, issuer.key.key_id)
    eventually(lambda: fetches(issuer) == 1)
    assert keys.find(row, issuer.key.key_id)
    assert keys.find(anew(row), issuer.key.key_id)
    held.set()
    refreshing.settle()
    assert fetches(issuer) == 1
    refreshed = anew(row).keys_refreshed_at
    assert refreshed is not None
    assert timezone.now() - refreshed < datetime.timedelta(minutes=1)


def test_a_refresh_that_fails_behind_is_tried_again_after_a_minute(known, issuer):
    issuer.faults[DISCOVERY] = issuers.answering(500)
    for seconds, expected in ((61 * MINUTE, 1), (0, 1), (30, 1), (31, 2)):
        assert keys.find(later(known, seconds), issuer.key.key_id)
        refreshing.settle()
        assert fetches(issuer) == expected
    assert "status 500" in anew(known).refresh_error


def test_an_unknown_key_is_fetched(known, issuer):
    new = issuer.rotate()
    assert keys.find(later(known, MINUTE), new.key_id).key_id == new.key_id
    assert fetches(issuer) == 1


def test_an_unknown_key_is_fetched_once_a_minute(known, issuer):
    for _ in range(3):
        with pytest.raises(InvalidToken, match=r"`unknown`.* has no such key"):
            keys.find(anew(known), "unknown")
    assert fetches(issuer) == 0
    row = later(known, MINUTE)
    for _ in range(3):
        with pytest.raises(InvalidToken):
            keys.find(anew(row), "unknown")
    assert fetches(issuer) == 1


def test_strangers_cannot_make_the_database_work(known, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(InvalidToken):
        keys.find(known, "unknown")


def test_after_a_fetch_that_failed_nobody_can_say_and_nobody_tries_for_a_minute(known, issuer):
    issuer.faults[DISCOVERY] = issuers.answering(500)
    row = later(known, 2 * MINUTE)
    for _ in range(3):
        with pytest.raises(KeysUnavailable) as refused:
            keys.find(anew(row), "unknown")
        assert 50 <= refused.value.retry_after <= 60
        assert "500" not in refused.value.description
    assert fetches(issuer) == 1
    assert keys.find(anew(row), issuer.key.key_id), "what is known still serves"
    del issuer.faults[DISCOVERY]
    with pytest.raises(InvalidToken):
        keys.find(later(row, MINUTE), "unknown")


def test_a_key_that_is_gone_is_refused_after_the_next_refresh(known, issuer):
    old = issuer.key
    issuer.rotate()
    issuer.withdraw(old)
    assert keys.find(later(known, 61 * MINUTE), old.key_id)
    refreshing.settle()
    with pytest.raises(InvalidToken, match="no such key"):
        keys.find(anew(known), old.key_id)


def test_an_issuer_that_is_down_is_believed_for_a_day(known, issuer):
    issuer.faults[DISCOVERY] = issuers.answering(503)
    row = later(known, 24 * HOUR - 10)
    assert keys.find(row, issuer.key.key_id)
    refreshing.settle()
    row = later(row, 2 * MINUTE)
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            keys.find(anew(row), issuer.key.key_id)
    assert fetches(issuer) == 2
    del issuer.faults[DISCOVERY]
    assert keys.find(later(row, MINUTE), issuer.key.key_id)


def test_a_wrong_clock_neither_keeps_keys_for_ever_nor_stops_fetching(known, issuer):
    row = later(known, -365 * 24 * HOUR)
    assert keys.find(row, issuer.key.key_id)
    assert fetches(issuer) == 1


# One fetch at a time, over all machines


def test_two_at_once_are_one_fetch(trusted, issuer, held):
    asked = [ask(anew(trusted), issuer.key.key_id) for _ in range(2)]
    eventually(lambda: fetches(issuer) == 1)
    held.set()
    for thread, found in asked:
        thread.join()
        assert found == [issuer.key.key_id]
    assert issuer.requests == [DISCOVERY, KEY_SET]


def test_those_who_wait_learn_that_the_fetch_failed(trusted, issuer, held):
    asked = [ask(anew(trusted), issuer.key.key_id) for _ in range(3)]
    eventually(lambda: fetches(issuer) == 1)
    issuer.documents[KEY_SET] = {"keys": []}
    held.set()
    for thread, found in asked:
        thread.join()
        assert found == [KeysUnavailable]
    assert fetches(issuer) == 1


def test_a_slow_issuer_holds_few_and_harms_no_other(trusted, issuer, held, authority, authority_file, monkeypatch):
    monkeypatch.setattr(keys, "GRACE", datetime.timedelta(seconds=0.1))
    asked = [ask(anew(trusted), issuer.key.key_id) for _ in range(3)]
    eventually(lambda: keys._seats[trusted.pk] == 3)
    before = time.monotonic()
    with pytest.raises(KeysUnavailable) as refused:
        keys.find(anew(trusted), issuer.key.key_id)
    assert refused.value.retry_after
    with LocalIssuer(authority, key=issuer.key) as other:
        assert keys.find(issuers.trust(other, ca_file=authority_file), other.key.key_id)
    assert time.monotonic() - before < refreshing.FETCH_SECONDS
    held.set()
    for thread, _ in asked:
        thread.join()
    assert not keys._seats.total()


def test_no_answer_takes_longer_than_clients_wait(trusted, issuer, monkeypatch):
    monkeypatch.setattr(refreshing, "FETCH_SECONDS", 0.5)
    for path in (DISCOVERY, KEY_SET):
        issuer.faults = {path: issuers.dripping(issuer, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")}
        before = time.monotonic()
        with pytest.raises(KeysUnavailable):
            keys.find(later(trusted, MINUTE), "unknown")
        assert time.monotonic() - before < 4


def test_who_dies_while_fetching_stops_nobody_for_long(trusted, issuer, monkeypatch):
    now = timezone.now()
    Issuer.objects.update(refresh_claimed_at=now, refresh_finished_at=None)
    with monkeypatch.context() as hasty:
        hasty.setattr(refreshing, "LAPSE", datetime.timedelta(seconds=0.3))
        with pytest.raises(KeysUnavailable) as refused:
            keys.find(anew(trusted), issuer.key.key_id)
    assert refused.value.retry_after > 50
    assert fetches(issuer) == 0
    assert keys.find(later(trusted, MINUTE), issuer.key.key_id)


def test_what_comes_after_another_took_the_right_is_thrown_away(trusted, issuer, held):
    thread, _ = ask(anew(trusted), issuer.key.key_id)
    eventually(lambda: fetches(issuer) == 1)
    Issuer.objects.filter(pk=trusted.pk).update(refresh_claimed_at=timezone.now(), refresh_finished_at=timezone.now())
    held.set()
    thread.join()
    refreshing.settle()
    assert anew(trusted).keys == {}


def test_the_network_is_never_waited_for_in_a_transaction(trusted, issuer):
    with transaction.atomic(), pytest.raises(RuntimeError):
        keys.find(trusted, issuer.key.key_id)
    with transaction.atomic(), pytest.raises(RuntimeError):
        keys.refresh(trusted)
    assert fetches(issuer) == 0


def test_only_the_columns_of_the_keys_are_written(trusted, issuer):
    row = anew(trusted)
    Issuer.objects.update(name="Renamed meanwhile", enabled=False)
    keys.find(row, issuer.key.key_id)
    assert (anew(row).name, anew(row).enabled) == ("Renamed meanwhile", False)


# Where it is fetched from


def test_the_discovery_document_must_be_the_issuers(trusted, issuer):
    for wrong in (f"{issuer.url}/", issuer.url.upper(), "https://other.example", None, [issuer.url]):
        issuer.documents[DISCOVERY] = issuer.discovery() | {"issuer": wrong}
        with pytest.raises(FetchFailed, match="is not the discovery document of"):
            keys.refresh(trusted)


@pytest.mark.parametrize(
    "address", [None, 1, ["https://x.example"], "", "/jwks", "http://x.example/", "http://127.0.0.1/", "file:///x"]
)
def test_the_key_set_must_have_an_address(trusted, issuer, address):
    issuer.documents[DISCOVERY] = issuer.discovery() | {"jwks_uri": address}
    with pytest.raises(FetchFailed):
        keys.refresh(trusted)


def test_the_key_set_may_be_on_another_host(trusted, issuer, authority):
    with LocalIssuer(authority, key=SigningKey.new()) as other:
        issuer.documents[DISCOVERY] = issuer.discovery() | {"jwks_uri": other.url + KEY_SET}
        assert keys.find(trusted, other.key.key_id)


@pytest.mark.parametrize("path", ["/", "/_services/token", "/_services/token/"])
def test_an_issuer_may_have_a_path(authority, authority_file, signing_key, path):
    with LocalIssuer(authority, key=signing_key, path=path) as issuer:
        assert keys.find(issuers.trust(issuer, ca_file=authority_file), issuer.key.key_id)
        assert issuer.requests == [DISCOVERY, KEY_SET]


def test_http_only_if_the_row_allows_it(signing_key):
    with LocalIssuer(key=signing_key) as issuer:
        row = issuers.trust(issuer)
        with pytest.raises(KeysUnavailable):
            keys.find(row, issuer.key.key_id)
        assert "not an https address" in anew(row).refresh_error
        Issuer.objects.update(allow_http_loopback=True)
        assert keys.find(later(row, MINUTE), issuer.key.key_id)


@pytest.mark.parametrize("path", [DISCOVERY, KEY_SET])
@pytest.mark.parametrize(
    "fault",
    [
        issuers.answering(404),
        issuers.answering(500),
        issuers.answering(204, b""),
        issuers.answering(302, Location="/elsewhere"),
        issuers.answering(200, b"[]"),
        issuers.answering(200, b"null"),
        issuers.answering(200, b"<html>"),
        issuers.answering(200, b"{}"),
        issuers.answering(200, b'{"keys": {}}'),
        issuers.answering(200, b'{"keys": 1, "issuer": 1}'),
        issuers.answering(200, b"[" * 200_000),
        issuers.bomb(),
    ],
)
def test_nonsense_changes_nothing(known, issuer, path, fault):
    issuer.faults[path] = fault
    row = later(known, 2 * MINUTE)
    with pytest.raises(KeysUnavailable):
        keys.find(row, "unknown")
    after = anew(row)
    assert (after.keys, after.keys_refreshed_at) == (known.keys, row.keys_refreshed_at)
    assert after.refresh_error


# What an administrator may do


def test_a_refresh_does_not_wait_for_the_minute(known, issuer):
    new = issuer.rotate()
    keys.refresh(known)
    assert keys.find(known, new.key_id)
    assert fetches(issuer) == 1


def test_a_refresh_says_what_went_wrong(known, issuer):
    issuer.faults[KEY_SET] = issuers.answering(500)
    with pytest.raises(FetchFailed, match="status 500"):
        keys.refresh(known)
    assert "status 500" in anew(known).refresh_error


def test_a_refresh_is_no_second_fetch(trusted, issuer, held):
    thread, _ = ask(anew(trusted), issuer.key.key_id)
    eventually(lambda: fetches(issuer) == 1)
    with pytest.raises(FetchFailed, match="at this moment"):
        keys.refresh(anew(trusted))
    held.set()
    thread.join()
    assert fetches(issuer) == 1


def test_a_pasted_set_is_never_fetched_and_never_old(trusted, issuer):
    assert keys.paste(trusted, issuer.key_set())
    assert not keys.paste(anew(trusted), issuer.key_set())
    row = later(trusted, 400 * 24 * HOUR)
    assert keys.find(row, issuer.key.key_id)
    with pytest.raises(InvalidToken):
        keys.find(row, "unknown")
    with pytest.raises(FetchFailed, match="pasted"):
        keys.refresh(row)
    refreshing.settle()
    assert issuer.requests == []


def test_a_set_pasted_during_a_fetch_stays(trusted, issuer, held):
    thread, found = ask(anew(trusted), issuer.key.key_id)
    eventually(lambda: fetches(issuer) == 1)
    pasted = SigningKey.new("ES256")
    keys.paste(anew(trusted), {"keys": [pasted.jwk()]})
    held.set()
    thread.join()
    refreshing.settle()
    assert list(anew(trusted).keys) == [pasted.key_id]
    assert found == [InvalidToken]


def test_back_to_discovery(trusted, issuer):
    pasted = SigningKey.new("ES256")
    keys.paste(trusted, {"keys": [pasted.jwk()]})
    assert keys.unpaste(trusted)
    assert not keys.unpaste(anew(trusted))
    with pytest.raises(InvalidToken):
        keys.find(anew(trusted), pasted.key_id)
    assert keys.find(anew(trusted), issuer.key.key_id)


def test_a_bad_set_is_not_pasted(known):
    with pytest.raises(BadKeySet):
        keys.paste(known, {"keys": []})
    assert not anew(known).keys_pasted


def test_pasting_and_dropping_may_be_part_of_a_transaction(trusted, issuer):
    with transaction.atomic():
        keys.paste(trusted, issuer.key_set())
        assert keys.drop(trusted, issuer.key.key_id)


def test_a_dropped_key_never_comes_back(known, issuer):
    bad = issuer.key
    issuer.rotate()
    assert keys.drop(known, bad.key_id)
    assert not keys.drop(known, bad.key_id)
    renamed = SigningKey(bad.private, bad.algorithm)
    issuer.published.append(renamed)
    keys.refresh(known)
    for key in (bad, renamed):
        with pytest.raises(InvalidToken):
            keys.find(anew(known), key.key_id)
    assert list(anew(known).keys) == [issuer.key.key_id]


def test_a_key_dropped_during_a_fetch_does_not_come_back(known, issuer, held):
    issuer.rotate()
    thread, found = ask(later(known, MINUTE), issuer.key.key_id)
    eventually(lambda: fetches(issuer) == 1)
    (old,) = known.keys
    keys.drop(anew(known), old)
    held.set()
    thread.join()
    assert found == [issuer.key.key_id]
    assert list(anew(known).keys) == [issuer.key.key_id]


def test_when_every_key_was_dropped_a_fetch_fails(known, issuer):
    keys.drop(known, issuer.key.key_id)
    with pytest.raises(FetchFailed, match="dropped by an administrator"):
        keys.refresh(known)
    with pytest.raises(BadKeySet, match="dropped by an administrator"):
        keys.paste(known, issuer.key_set())


def test_a_key_remembers_when_it_was_first_seen(known, issuer):
    before = known.keys[issuer.key.key_id]
    issuer.rotate()
    keys.refresh(known)
    after = anew(known).keys
    assert after[issuer.published[0].key_id] == before
    assert after[issuer.key.key_id]["first_seen"] > before["first_seen"]
