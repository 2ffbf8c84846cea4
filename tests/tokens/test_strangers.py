"""What somebody who registers another's repository can do to it: nothing. And what happens at the same moment."""

import threading

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publishers import matching, registration
from publishers.models import Publisher
from publishers.registration import Wanted
from registry.actors import Actor
from registry.creation import create_project
from registry.deletion import delete_project
from registry.models import Event, ProhibitedName, Project, User
from registry.uploads import storing
from tests.machine import needs_postgresql
from tests.registry.uploads import making
from tests.tokens.conftest import FIELDS, IDS
from tests.tokens.test_exchange import MINT, lives, mint, refusal
from tokens import redemption
from tokens.models import Exchange, UploadToken
from tokens.views import MintToken

ACTOR = Actor("test")


@pytest.fixture
def mallory(world):
    return User.objects.create_user("mallory")


@pytest.fixture
def strange(mallory):
    """A stranger's project."""
    return create_project("strange", owners=[mallory], actor=ACTOR)


def upload(client, token, name):
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    fields = making.form(making.wheel(name), filename)
    return client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"})


# -- waiting for a name --------------------------------------------------------------------------------------------


def test_of_several_who_wait_for_a_name_the_first_gets_it_however_much_another_narrows(client, world, mallory):
    world.publisher.delete()
    world.add("brand-new")
    world.add("brand-new", values={"event_names": ["push", "release"]}, added_by=mallory)
    assert upload(client, mint(client, world.token()).json()["token"], "brand-new").status_code == 200
    assert list(Project.objects.get(name="brand-new").owners()) == [world.owner]


def test_who_waits_in_vain_does_not_stop_another_who_waits_for_the_same(client, world):
    world.publisher.delete()
    world.add("brand-new", added_by=User.objects.create_user("gone", is_active=False))
    world.add("brand-new")
    assert mint(client, world.token()).status_code == 200


def test_names_that_nobody_can_have_take_no_place_among_the_hundred(client, world, mallory):
    world.publisher.delete()
    for number in range(100):
        world.add(f"squat{number:03d}q", added_by=mallory)
        ProhibitedName.objects.create(name=f"squat{number:03d}q")
    world.add(world.project)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


def test_forty_who_wait_cost_four_statements_more_than_none(client, world):
    for number in range(40):
        world.add(f"waiting{number:02d}x", added_by=User.objects.create_user(f"user{number}"))
    mint(client, world.token())
    with CaptureQueriesContext(connection) as captured:
        assert mint(client, world.token()).status_code == 200
    assert len(captured) <= 11


def test_a_waiting_name_that_became_too_similar_is_invalidated(world):
    waiting = world.add("br4nd-new1")
    create_project("br4nd-newl", owners=[world.owner], actor=ACTOR)
    assert not Publisher.objects.pending().filter(pk=waiting.pk).exists()


# Where the faster one gets in: before the project is looked for, and before the transaction.
@pytest.mark.parametrize("moment", ["forms.read", "distributions.inspect"])
@pytest.mark.parametrize("more", [[], ["sampleproject"]])
def test_who_is_too_late_by_a_moment_is_told_that_the_name_is_taken(client, world, mallory, monkeypatch, moment, more):
    if not more:
        world.publisher.delete()
    world.add("brand-new")
    world.add("brand-new", values={"repository": "other"}, added_by=mallory)
    ref = "octo-org/other/.github/workflows/release.yml@refs/heads/main"
    other = world.token(repository="octo-org/other", repository_id="9", workflow_ref=ref, job_workflow_ref=ref)
    slow, fast = mint(client, world.token()).json(), mint(client, other).json()
    assert slow["projects"] == ["brand-new", *more]
    module, name = moment.split(".")
    real, uploads = getattr(getattr(storing, module), name), list[object]()

    def faster(*args):
        if not uploads:
            uploads.append("begun")
            uploads.append(upload(Client(), fast["token"], "brand-new").status_code)
        return real(*args)

    monkeypatch.setattr(getattr(storing, module), name, faster)
    answer = upload(client, slow["token"], "brand-new")
    assert uploads == ["begun", 200]
    assert (answer.status_code, answer.reason_phrase) == (400, "The name 'brand-new' is taken.")
    assert list(Project.objects.get(name="brand-new").owners()) == [mallory]
    assert Event.objects.get(tag="account:oidc:pending-publisher-invalidated").user == world.owner


def test_a_waiting_user_who_was_deactivated_gets_no_project(client, world):
    world.add("brand-new")
    text = mint(client, world.token()).json()["token"]
    User.objects.update(is_active=False)
    assert upload(client, text, "brand-new").status_code == 400
    assert not Project.objects.filter(name="brand-new").exists()


def test_a_match_that_cannot_be_used_is_told_even_where_another_differs(client, world):
    world.publisher.values["workflow_filename"] = "other.yml"
    world.publisher.save()
    world.add("json")
    assert refusal(mint(client, world.token()))[0] == "invalid-pending-publisher"


# -- standing at another's repository ------------------------------------------------------------------------------


def test_a_thousand_publishers_of_a_stranger_hide_nobody(client, world, strange):
    world.publisher.delete()
    rows = [
        Publisher(issuer=world.issuer, project=strange, values={**FIELDS, "environment": f"e{n}"}) for n in range(1000)
    ]
    for row in rows[:1]:
        row.save()
    for number, row in enumerate(rows[1:]):
        row.project_name, row.normalized_name, row.identity = "strange", "strange", rows[0].identity
        row.fingerprint = f"{number:064d}"
    Publisher.objects.bulk_create(rows[1:])
    world.add(world.project)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


def test_a_stranger_does_not_hide_why_my_own_publisher_failed(client, world, strange):
    world.publisher.delete()
    world.add(strange, values={"environment": "ask me"})
    world.add(world.project, values={"environment": "pypi"})
    assert "A publisher of sampleproject trusts" in refusal(mint(client, world.token()))[1]


def test_no_project_is_named_to_a_repository_of_the_same_name(client, world):
    said = refusal(mint(client, world.token(repository_id="9", repository_owner_id="9")))[1]
    assert "sampleproject trusts" not in said
    assert "registered id" in said


def test_the_history_names_the_credited_publisher(client, world, strange):
    world.publisher.delete()
    world.add(strange)
    world.add(world.project, values={"environment": "pypi"})
    text = mint(client, world.token(environment="pypi")).json()["token"]
    assert upload(client, text, "sampleproject").status_code == 200
    assert "environment pypi" in Event.objects.get(tag="file:add").actor_name


def test_a_publisher_that_moved_here_does_not_go_before_those_that_uploaded_here(world, strange):
    moved = world.add(strange, values={"repository": "mine"}, first_upload_at=timezone.now())
    registration.change(moved, Wanted(values=dict(FIELDS)), ACTOR)
    assert Publisher.objects.get(pk=moved.pk).first_upload_at is None


def test_a_version_tag_restricts_whatever_the_environment_is_called(client, world):
    world.publisher.values.update(environment="v{version}", version_tag="v{version}")
    world.publisher.save()
    claims = world.local.github_claims(environment="v{version}", ref="refs/tags/v1.0")
    assert mint(client, world.local.sign(claims)).status_code == 200
    assert UploadToken.objects.get().grants[0]["version"] == "1.0"


def test_burning_speaks_to_nobody_who_took_a_waiting_name_meanwhile(client, world, mallory):
    world.add("brand-new")
    text = mint(client, world.token()).json()["token"]
    create_project("brand-new", owners=[mallory], actor=ACTOR)
    client.post("/_/oidc/burn-token", {"token": text}, content_type="application/json")
    told = Event.objects.filter(tag__endswith="upload-token-burnt")
    assert [event.project_name for event in told] == ["sampleproject"]


# -- a dead token stays dead ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ({"enabled": False}, {}),
        ({"expires_at": timezone.now()}, {}),
        ({"pins": {**IDS, "repository_id": "999"}}, {"pins": IDS}),
    ],
)
def test_what_a_change_took_away_its_undoing_does_not_give_back(client, world, change, back):
    text = mint(client, world.token()).json()["token"]
    values = world.publisher.values
    registration.change(world.publisher, Wanted(values=values, **change), ACTOR)
    assert not lives(text)
    registration.change(world.publisher, Wanted(values=values, **back), ACTOR)
    assert not lives(text)
    assert mint(client, world.token()).status_code == 200


def test_a_replay_is_a_replay_whatever_became_of_the_publisher(client, world):
    token = world.token()
    mint(client, token)
    Publisher.objects.update(enabled=False)
    assert refusal(mint(client, token))[0] == "invalid-reuse-token"
    assert Exchange.objects.get().replays == 1


def test_the_token_is_in_no_repr():
    assert "secret" not in repr(redemption.Granted("secret", timezone.now(), [], "", "github"))


# -- at the same moment --------------------------------------------------------------------------------------------


def test_being_overtaken_more_than_once_is_no_500(client, world, monkeypatch):
    Publisher.objects.update(pins={}, unpinned_since=timezone.now())
    other = world.add(world.create("another"))
    targets, real = [world.publisher.pk, other.pk], matching.candidates

    def overtaken(*args, **options):
        found = real(*args, **options)
        if targets:
            Publisher.objects.filter(pk=targets.pop(0)).update(pins=IDS)
        return found

    monkeypatch.setattr(matching, "candidates", overtaken)
    assert mint(client, world.token()).status_code == 200


def test_being_overtaken_again_and_again_is_a_503(client, world, monkeypatch):
    Publisher.objects.update(pins={}, unpinned_since=timezone.now())
    real, other = matching.candidates, iter(range(100))

    def overtaken(*args, **options):
        found = real(*args, **options)
        Publisher.objects.update(pins={"repository_owner_id": "65", "other": str(next(other))})
        return found

    monkeypatch.setattr(matching, "candidates", overtaken)
    response = mint(client, world.token())
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["errors"][0]["code"] == "try-again"


def test_a_project_that_goes_meanwhile_stops_nobody_else(client, world, strange, monkeypatch):
    world.add(strange, pins=IDS)
    real = matching.credited

    def credited(*args):
        found = real(*args)
        if Project.objects.filter(pk=strange.pk).exists():
            delete_project(strange, ACTOR)
        return found

    monkeypatch.setattr(matching, "credited", credited)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


def test_a_database_that_cannot_be_had_is_a_503_for_machines(client, world, monkeypatch):
    def locked(*_args, **_options):
        raise OperationalError("database is locked")

    monkeypatch.setattr(redemption, "insert_together", locked)
    response = mint(client, world.token())
    assert response.status_code == 503
    assert response["Retry-After"]
    assert response["Cache-Control"] == "no-store"
    assert response.json()["errors"][0]["code"] == "try-again"


@needs_postgresql
def test_a_publisher_that_is_removed_during_its_first_upload_does_not_come_back(client, world, monkeypatch):
    waiting = world.add("brand-new")
    text = mint(client, world.token()).json()["token"]
    removals = []

    def remove():
        registration.remove(Publisher.objects.get(pk=waiting.pk), ACTOR)
        connection.close()

    def slow(*args, **options):
        removals.append(threading.Thread(target=remove))
        removals[0].start()
        removals[0].join(0.5)
        return create_project(*args, **options)

    monkeypatch.setattr("registry.uploads.storing.create_project", slow)
    assert upload(client, text, "brand-new").status_code == 200
    removals[0].join()
    assert not Publisher.objects.filter(normalized_name="brand-new").exists()
    assert Event.objects.filter(tag="project:oidc:publisher-removed").exists()


@needs_postgresql
def test_an_exchange_does_not_wait_for_another_projects_lock(client, world, strange):
    world.add(strange, pins=IDS)
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            storing._locked_project("strange")
            held.set()
            done.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    assert mint(client, world.token()).status_code == 200
    done.set()
    holder.join()


# -- requests that are none ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_content_length_of_thousands_of_digits_is_too_large(client):
    assert client.generic("POST", MINT, b"{}", CONTENT_LENGTH="9" * 5000).status_code == 413


@pytest.mark.django_db
def test_thousands_of_query_fields_are_answered_as_json(client):
    response = client.get("/.well-known/pytp?" + "&a" * 4100)
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "invalid-request"


@pytest.mark.django_db
def test_a_body_that_breaks_off_is_an_invalid_payload():
    class Gone:
        def read(self, *_args):
            raise OSError("gone")

    request = RequestFactory().generic("POST", MINT, b"", CONTENT_LENGTH="10")
    request._stream = Gone()  # type: ignore[assignment]
    response = MintToken.as_view()(request)
    assert response.status_code == 422
