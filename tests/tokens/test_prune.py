"""``manage.py prune`` deletes what has outlived its retention, and nothing else."""

import datetime
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from post_office.models import STATUS, Email, Log

from publishers.models import Issuer, Publisher
from registry import clearing, outbox
from registry.models import Cleared, Event, User
from tokens.models import Exchange, Provenance, UploadToken

pytestmark = pytest.mark.django_db

ISSUER = "https://token.actions.githubusercontent.com"
FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}


def ago(**span: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(**span)


def exchange(**columns: Any) -> Exchange:
    defaults = {"outcome": "granted", "issuer_url": ISSUER, "provider": "github", "identity": "[]"}
    return Exchange.objects.create(**{**defaults, **columns})


def token(number: int = 0, **columns: Any) -> UploadToken:
    times = {"created_at": ago(days=3), "expires_at": ago(days=2), "redeemed_until": ago(days=2)}
    return UploadToken.objects.create(
        digest=f"{number:064}", issuer_url=ISSUER, redeemed=f"{number:064}", **{**times, **columns}
    )


def provenance(**columns: Any) -> Provenance:
    return Provenance.objects.create(
        filename="x", sha256="0" * 64, project_name="x", version="1", uploader="x", **columns
    )


def prune() -> str:
    printed = StringIO()
    call_command("prune", stdout=printed)
    return printed.getvalue()


@pytest.mark.parametrize(
    ("ages", "stays"),
    [
        ({}, False),
        ({"expires_at": datetime.timedelta(days=-1), "burnt_at": datetime.timedelta(days=2)}, False),
        ({"expires_at": datetime.timedelta(days=-1), "spent_at": datetime.timedelta(days=2)}, False),
        ({"expires_at": datetime.timedelta(days=-1), "revoked_at": datetime.timedelta(days=2)}, False),
        ({"expires_at": datetime.timedelta(days=-1)}, True),
        ({"expires_at": datetime.timedelta(hours=1)}, True),
        ({"expires_at": datetime.timedelta(days=-1), "burnt_at": datetime.timedelta(hours=1)}, True),
        # Its row is the redemption: the identity token could be exchanged again.
        ({"redeemed_until": datetime.timedelta(seconds=2)}, True),
        ({"redeemed_until": datetime.timedelta(seconds=-60)}, True),
        ({"redeemed_until": datetime.timedelta(seconds=10)}, False),
    ],
)
def test_an_upload_token_goes_when_it_and_its_identity_token_are_dead(ages: dict[str, datetime.timedelta], stays: bool):
    columns: dict[str, Any] = {column: timezone.now() - age for column, age in ages.items()}
    token(**columns)
    prune()
    assert UploadToken.objects.exists() is stays


def test_a_token_by_which_a_file_was_uploaded_stays():
    provenance(upload_token=token())
    prune()
    assert UploadToken.objects.exists()


@pytest.mark.parametrize(
    ("columns", "stays"),
    [
        ({"created_at": ago(days=91)}, False),
        ({"created_at": ago(days=91), "outcome": "refused"}, False),
        ({"created_at": ago(days=89)}, True),
        ({"created_at": ago(days=89), "outcome": "refused"}, True),
    ],
)
def test_an_exchange_goes_when_it_is_old(columns: dict[str, Any], stays: bool):
    exchange(**columns)
    prune()
    assert Exchange.objects.exists() is stays


def test_an_exchange_by_which_a_file_was_uploaded_stays_however_old():
    provenance(exchange=exchange(created_at=ago(days=400)))
    used = exchange(created_at=ago(days=400))
    provenance(upload_token=token(exchange=used))
    prune()
    assert Exchange.objects.count() == 2


def test_an_unused_exchange_goes_together_with_its_dead_token():
    token(exchange=exchange(created_at=ago(days=91)))
    assert prune() == (
        "1 dead upload tokens and redemptions\n"
        "1 refused and unused exchanges\n"
        "0 reminders of pending publishers\n"
        "0 expired pending publishers\n"
        "0 pending publishers whose name is lost\n"
        "0 pending publishers that lost their name long ago\n"
        "0 unused publishers switched off\n"
        "0 expired invitations\n"
        "0 expired sessions\n"
        "0 records of ended sessions\n"
        "0 old mails\n"
        "0 unfinished uploads\n"
    )


@pytest.mark.parametrize("at_once", [False, True])
def test_large_numbers_go_in_steps_over_those_that_stay(monkeypatch: pytest.MonkeyPatch, at_once: bool):
    monkeypatch.setattr(clearing, "STEP", 2)
    then = ago(days=9)
    made = [token(n, created_at=then if at_once else then + datetime.timedelta(hours=n)) for n in range(9)]
    used = made[1:4] + made[8:]
    for kept in used:
        provenance(upload_token=kept)
    old = [exchange(created_at=ago(days=100) if at_once else ago(days=100 + n)) for n in range(5)]
    provenance(exchange=old[2])
    assert prune().startswith("5 dead upload tokens and redemptions\n4 refused and unused exchanges\n")
    assert set(UploadToken.objects.all()) == set(used)
    assert list(Exchange.objects.all()) == [old[2]]


def test_what_was_deleted_before_prune_is_stopped_stays_deleted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clearing, "STEP", 2)
    for number in range(6):
        exchange(created_at=ago(days=100 + number))
    seen: list[int] = []

    def stop(_seconds: float) -> None:
        seen.append(Exchange.objects.count())
        if len(seen) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(clearing, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        prune()
    assert seen == [4, 2]
    monkeypatch.undo()
    assert "2 refused and unused exchanges\n" in prune()


@pytest.mark.django_db(transaction=True)
def test_a_row_to_which_another_refers_by_now_makes_the_step_undone():
    used = exchange(created_at=ago(days=100))
    provenance(exchange=used)
    with pytest.raises(IntegrityError):
        clearing.clear(Exchange.objects.all(), "created_at", timezone.now(), Exchange.objects.none())
    assert Provenance.objects.get().exchange == used


def test_expired_pending_publishers_go_with_an_event(settings: LazySettings):
    settings.PENDING_PUBLISHER_TTL_DAYS = 7
    alice, issuer = User.objects.create_user("alice"), Issuer.objects.get(provider="github")
    for name, days in (("old", 8), ("new", 6)):
        Publisher.objects.create(
            issuer=issuer, project_name=name, values=FIELDS, added_by=alice, created_at=ago(days=days)
        )
    assert "1 expired pending publishers\n" in prune()
    assert Publisher.objects.get().project_name == "new"
    event = Event.objects.get(tag="account:oidc:pending-publisher-expired")
    assert (event.user, event.actor_name, event.details["name"]) == (alice, "prune", "old")


@pytest.mark.parametrize(
    ("status", "days", "stays"),
    [
        (STATUS.sent, 89, True),
        (STATUS.sent, 91, False),
        (STATUS.failed, 91, False),
        (STATUS.queued, 91, True),
        (STATUS.requeued, 91, True),
    ],
)
def test_a_mail_goes_90_days_after_it_was_written_unless_it_still_waits(status: int, days: int, stays: bool):
    outbox.put([EmailMessage("Subject", "Text", to=["alice@example.com"])])
    Email.objects.update(status=status, created=ago(days=days))
    Log.objects.create(email=Email.objects.get(), status=STATUS.failed, message="no")
    assert ("1 old mails\n" in prune()) is not stays
    assert Email.objects.exists() is stays


def test_events_stay_for_ever():
    Event.objects.create(tag="project:create", time=ago(days=4000))
    prune()
    assert Event.objects.count() == 1


def test_what_stays_for_good_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clearing, "STEP", 2)
    for number in range(9):
        provenance(exchange=exchange(created_at=ago(days=100 + number)))
    with CaptureQueriesContext(connection) as first:
        prune()
    with CaptureQueriesContext(connection) as again:
        prune()
    assert len(first) - len(again) >= 10


def test_old_rows_that_came_later_are_found():
    exchange(created_at=ago(days=100))
    kept = exchange(created_at=ago(days=99))
    provenance(exchange=kept)
    assert "1 refused and unused exchanges\n" in prune()
    exchange(created_at=ago(days=101))
    assert "1 refused and unused exchanges\n" in prune()
    assert "0 refused and unused exchanges\n" in prune()
    assert Exchange.objects.get() == kept


def test_what_stays_for_the_moment_is_looked_at_again():
    late = token(created_at=ago(days=9), expires_at=ago(days=8), redeemed_until=ago(days=-1))
    provenance(upload_token=token(1, created_at=ago(days=4)))
    assert prune().startswith("0 dead upload tokens")
    assert prune().startswith("0 dead upload tokens")
    UploadToken.objects.filter(pk=late.pk).update(redeemed_until=ago(days=2))
    assert prune().startswith("1 dead upload tokens")
    assert prune().startswith("0 dead upload tokens")


def test_an_exchange_whose_token_lives_longer_than_its_retention_goes_after_it():
    living = token(exchange=exchange(created_at=ago(days=91)), redeemed_until=ago(days=-1))
    assert "0 refused and unused exchanges\n" in prune()
    UploadToken.objects.filter(pk=living.pk).update(redeemed_until=ago(days=2))
    assert prune().startswith("1 dead upload tokens and redemptions\n1 refused and unused exchanges\n")


def test_another_retention_is_obeyed_the_next_time(settings: LazySettings):
    for days in (30, 60, 100):
        exchange(created_at=ago(days=days))
    gone = []
    for settings.EXCHANGE_RETENTION_DAYS in (90, 365, 50, 20):
        gone.append("1 refused and unused exchanges\n" in prune())
    assert gone == [True, False, True, True]


def test_a_prune_that_is_stopped_has_settled_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clearing, "STEP", 1)
    for number in range(3):
        exchange(created_at=ago(days=100 + number))

    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(clearing, "sleep", stop)
        with pytest.raises(KeyboardInterrupt):
            prune()
    assert not Cleared.objects.filter(table="tokens.Exchange").exists()
    assert "2 refused and unused exchanges\n" in prune()
