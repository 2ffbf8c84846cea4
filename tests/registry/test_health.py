"""``/healthz`` and ``/readyz``."""

import os

import pytest
from django.db.migrations.recorder import MigrationRecorder

from registry.storage import contents

PROBES = ["/healthz", "/readyz"]


@pytest.fixture
def broken_storage(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "registry.storage.ContentStorage",
            "OPTIONS": {"location": tmp_path / "file" / "files"},
        },
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", PROBES)
def test_a_probe_answers_and_is_never_cached(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("path", PROBES)
def test_a_probe_may_call_the_host_what_it_likes(client, path):
    assert client.get(path, headers={"Host": "10.0.0.7:8443"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", PROBES)
def test_a_closed_registry_answers_probes_too(client, settings, path):
    settings.ANONYMOUS_READ = False
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_is_a_get(client, path):
    assert client.post(path).status_code == 405


def test_the_process_lives_without_a_database(client):
    # Without pytest-django's mark, a query is an error.
    assert client.get("/healthz").status_code == 200


def test_a_registry_without_its_database_is_not_ready(client, caplog):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "database" in answer.json()["failed"]
    assert set(answer.json()) == {"status", "failed"}


@pytest.mark.django_db
def test_a_registry_with_a_missing_migration_is_not_ready(client, caplog):
    MigrationRecorder.Migration.objects.filter(app="registry", name="0001_initial").delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["migrations"])


@pytest.mark.django_db
@pytest.mark.usefixtures("broken_storage")
def test_a_registry_that_cannot_write_files_is_not_ready(client, caplog):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["storage"])
    assert os.sep not in answer.content.decode()
    assert "Not ready: storage" in caplog.text


@pytest.mark.django_db
def test_a_probe_leaves_nothing_in_the_storage(client):
    client.get("/readyz")
    assert not list(contents.incoming.glob("ready-*"))
