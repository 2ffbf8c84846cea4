"""Releases and files in the admin."""

import pytest
from django.test import Client

from registry.models import Event, File, Project, Release, UsedFilename, User
from tests.factories import make_file, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(boss: User) -> File:
    return make_file(make_project("sampleproject", make_user("alice")))


def tags() -> list[str]:
    return list(Event.objects.filter(actor_name="boss").order_by("pk").values_list("tag", flat=True))


def serial() -> int:
    return Project.objects.get().serial


def test_a_release_is_yanked_and_taken_back(client: Client, file: File):
    before, page = serial(), f"/admin/registry/release/{file.release_id}/change/"
    form = {"files-TOTAL_FORMS": "0", "files-INITIAL_FORMS": "0", "yanked_reason": "broken"}
    assert client.post(page, {**form, "yanked": "on"}).status_code == 302
    release = Release.objects.get()
    assert (release.yanked_at is not None, release.yanked_reason) == (True, "broken")
    client.post(page, {**form, "yanked": "on"})
    assert client.post(page, form).status_code == 302
    release.refresh_from_db()
    assert (release.yanked_at, release.yanked_reason) == (None, "")
    assert tags() == ["project:release:yank", "project:release:unyank"]
    assert serial() == before + 2


def test_releases_are_yanked_from_the_list(client: Client, file: File):
    for action in ("yank_selected", "unyank_selected"):
        client.post("/admin/registry/release/", {"action": action, "_selected_action": [str(file.release_id)]})
    assert tags() == ["project:release:yank", "project:release:unyank"]


@pytest.mark.parametrize(
    ("model", "tag"), [("release", "project:release:remove"), ("file", "project:release:file:remove")]
)
def test_what_is_deleted_leaves_its_name_and_an_event(client: Client, file: File, model: str, tag: str):
    before, pk = serial(), file.release_id if model == "release" else file.pk
    assert client.post(f"/admin/registry/{model}/{pk}/delete/", {"post": "yes"}).status_code == 302
    assert not File.objects.exists()
    assert UsedFilename.objects.get().filename == file.filename
    assert tags() == [tag]
    assert serial() == before + 1


def test_a_file_is_not_changed(client: Client, file: File):
    assert client.post(f"/admin/registry/file/{file.pk}/change/", {"filename": "x"}).status_code == 403
