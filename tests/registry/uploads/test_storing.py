"""Storing: all of it or nothing, whoever comes at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.creation import check_name
from registry.models import Event, File, Project, Release, UsedFilename, User
from registry.signals import file_uploaded
from registry.storage import ContentStorage, contents
from registry.uploads import storing
from registry.uploads.errors import UploadRefused
from tests.registry.uploads import making
from tests.registry.uploads.test_views import nothing_is_stored

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"
USERS = ("alice", "bob")


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returns, all begun at the same moment in threads of their own."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=30)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def upload(token: str, content: bytes, name: str) -> Callable[[], tuple[int, str]]:
    def call() -> tuple[int, str]:
        response = making.upload(Client(), token, making.form(content, name))
        return response.status_code, response.reason_phrase

    return call


@pytest.fixture
def threads_token(transactional_db: None) -> str:
    """A token that other threads see, too."""
    return making.api_token(User.objects.create_user("alice"))


class TestAtOnce:
    def test_the_same_file_eight_times_is_stored_once(self, threads_token: str):
        answers = at_once(*[upload(threads_token, making.wheel(), WHEEL)] * 8)
        assert [status for status, _ in answers] == [200] * 8
        assert (File.objects.count(), Project.objects.get().serial) == (1, 1)
        assert Event.objects.filter(tag="file:add").count() == 1

    def test_the_same_file_a_moment_earlier_is_no_error(self, threads_token: str, monkeypatch: pytest.MonkeyPatch):
        """It is stored between two looks of the later upload: at the project, and at whether its name is free."""
        first = [upload(threads_token, making.wheel(), WHEEL)]

        def meanwhile(*args: Any) -> None:
            if first:
                assert first.pop()() == (200, "OK")
            check_name(*args)

        monkeypatch.setattr(storing, "check_name", meanwhile)
        assert upload(threads_token, making.wheel(), WHEEL)() == (200, "OK")
        assert (File.objects.count(), Project.objects.get().serial) == (1, 1)

    def test_of_two_contents_of_one_name_one_is_stored(self, threads_token: str):
        wheels = [making.wheel(extra={"x.py": bytes([number])}) for number in range(4)]
        answers = at_once(*[upload(threads_token, wheel, WHEEL) for wheel in wheels])
        assert sorted(status for status, _ in answers) == [200, 400, 400, 400]
        assert all("already exists" in reason for status, reason in answers if status == 400)
        kept = contents.window(File.objects.get().path)
        assert kept.read(kept.size) in wheels
        kept.close()

    def test_the_files_of_a_new_project_all_arrive(self, transactional_db: None):
        alice = User.objects.create_user("alice")
        names = [f"sampleproject-1.0-py3-none-{platform}.whl" for platform in ("any", "win32", "win_amd64")]
        calls = [upload(making.api_token(alice), making.wheel(), name) for name in names]
        answers = at_once(*calls, upload(making.api_token(alice), making.sdist(), SDIST))
        assert answers == [(200, "OK")] * 4
        assert (Release.objects.count(), File.objects.count(), Project.objects.get().serial) == (1, 4, 4)

    def test_of_two_users_who_want_a_new_name_one_gets_it(self, transactional_db: None):
        tokens = [making.api_token(User.objects.create_user(name)) for name in USERS]
        answers = at_once(upload(tokens[0], making.wheel(), WHEEL), upload(tokens[1], making.sdist(), SDIST))
        # Who comes a little later finds a project of somebody else.
        late = [(403, f"The user '{name}' isn't allowed to upload to project 'sampleproject'.") for name in USERS]
        granted, refused = sorted(answers)
        assert granted == (200, "OK")
        assert refused in [(400, "The name 'sampleproject' is taken."), *late]
        assert File.objects.count() == 1


class TestFailure:
    def test_a_refusal_in_the_transaction_takes_all_back(self, client: Client, token: str, files: Path):
        def refuse(**_kwargs: Any) -> None:
            raise UploadRefused("Not today.")

        file_uploaded.connect(refuse)
        try:
            response = making.upload(client, token, making.form(making.wheel(), WHEEL))
        finally:
            file_uploaded.disconnect(refuse)
        assert (response.status_code, response.reason_phrase) == (400, "Not today.")
        assert nothing_is_stored(files)
        assert not Event.objects.exists()

    @pytest.mark.parametrize("error", [OSError("No space left on device"), OperationalError("database is locked")])
    def test_a_fault_of_ours_is_503_and_stores_nothing(
        self, client: Client, token: str, files: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
    ):
        def fail(*_args: Any) -> None:
            raise error

        monkeypatch.setattr(ContentStorage, "place", fail)
        response = making.upload(client, token, making.form(making.wheel(), WHEEL))
        assert (response.status_code, "Try again." in response.reason_phrase) == (503, True)
        assert str(error) not in response.content.decode()
        assert nothing_is_stored(files)

    def test_bytes_that_a_crash_left_without_a_row_do_not_hinder(self, client: Client, token: str):
        making.upload(client, token, making.form(making.wheel(), WHEEL))
        file = File.objects.get()
        File.objects.all().delete()
        UsedFilename.objects.all().delete()
        assert default_storage.exists(file.path)
        assert making.upload(client, token, making.form(making.wheel(), WHEEL)).status_code == 200


def test_the_file_is_in_its_place_before_the_commit(client: Client, token: str):
    """After a crash a row without bytes must not be."""
    placed_before: list[bool] = []
    place = ContentStorage.place

    def watched(storage: ContentStorage, name: str, source: Path) -> None:
        place(storage, name, source)
        placed_before.append(connection.in_atomic_block)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ContentStorage, "place", watched)
        making.upload(client, token, making.form(making.wheel(), WHEEL))
    assert placed_before == [True, True]


def test_an_upload_to_a_known_project_takes_few_statements(client: Client, token: str):
    making.upload(client, token, making.form(making.sdist(), SDIST))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert making.upload(client, token, making.form(making.wheel(), WHEEL)).status_code == 200
    assert len(queries) <= 21, [query["sql"][:90] for query in queries]
