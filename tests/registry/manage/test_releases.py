"""Releases and files: seen, yanked, deleted."""

from typing import Any

import pytest
from django.test import Client

from registry.models import Event, File, Project, Release, UsedFilename
from registry.options import yank
from tests.factories import TESTER, make_file, make_sdist
from tests.registry.manage.conftest import by_alice, said
from tests.registry.manage.test_projects import rows

pytestmark = pytest.mark.django_db

BASE = "/manage/project/sample-project/releases/"


@pytest.fixture
def file(project: Project) -> File:
    return make_file(project, "1.0")


def test_releases_are_listed_from_the_highest_version_down(maintainer: Client, project: Project):
    for version in ("1.0", "1.10", "1.9", "2.0rc1"):
        make_file(project, version)
    make_sdist(project, "1.9")
    yank(Release.objects.get(version="1.10"), "Broken on Windows", TESTER)
    answer = maintainer.get(BASE)
    assert [row.rpartition(" just")[0].partition(" bytes")[0] for row in rows(answer)] == [
        f"{version} {state} {files} {size}"
        for version, state, files in (
            ("2.0rc1", "Offered", 1),
            ("1.10", "Yanked Broken on Windows", 1),
            ("1.9", "Latest", 2),
            ("1.0", "Offered", 1),
        )
        for size in [sizes(version)]
    ]
    assert "4 releases · 5 files" in " ".join(answer.content.decode().split())


def sizes(version: str) -> str:
    size = sum(File.objects.filter(release__version=version).values_list("size", flat=True))
    return str(size) if size < 1024 else f"{size / 1024:.1f} KB"


def test_many_releases_come_in_pages_with_few_questions(owner: Client, project: Project, django_assert_max_num_queries):
    Release.objects.bulk_create(Release(project=project, version=f"1.{number}") for number in range(300))
    with django_assert_max_num_queries(10):
        assert len(rows(owner.get(BASE))) == 25
    assert rows(owner.get(BASE, {"page": "12"}))[-1] == "1.0 Offered 0 0 bytes no file"


def test_many_files_are_shown_with_few_questions(owner: Client, project: Project, django_assert_max_num_queries):
    for number in range(30):
        make_file(project, tag=f"cp3{number}-none-any")
    with django_assert_max_num_queries(10):
        first = owner.get(f"{BASE}1.0/").content.decode()
    assert "30 files" in first
    assert first.count("SHA-256") == 8
    assert owner.get(f"{BASE}1.0/?page=4").content.decode().count("SHA-256") == 6


@pytest.mark.parametrize("version", ["1", "1.0.0", "v1.0"])
def test_a_release_is_found_by_any_spelling_of_its_version(owner: Client, file: File, version: str):
    page = owner.get(f"{BASE}{version}/").content.decode()
    assert file.filename in page
    assert file.sha256 in page


@pytest.mark.parametrize(
    "path", ["9.9/", "no version/", "%00/", f"{'9' * 5000}/", "1.0/files/none.whl/delete/", "9/yank/"]
)
def test_what_is_not_there_is_not_found(owner: Client, file: File, path: str):
    assert owner.get(BASE + path).status_code == 404
    assert owner.post(BASE + path).status_code in {404, 405}


def test_a_release_is_yanked_with_a_reason_and_taken_back(owner: Client, file: File):
    assert "Installers will pass this release over" in " ".join(owner.get(f"{BASE}1.0/yank/").content.decode().split())
    answer = owner.post(f"{BASE}1.0/yank/", {"reason": " Breaks\non Windows "}, follow=True)
    assert said(answer) == "1.0 is yanked. Installers pass it over from now on."
    assert "The reason: Breaks on Windows" in answer.content.decode()
    assert 'value="Breaks on Windows"' in owner.get(f"{BASE}1.0/yank/").content.decode()
    assert said(owner.post(f"{BASE}1.0/unyank/", follow=True)) == "1.0 is no longer yanked."
    assert Release.objects.get().yanked_at is None
    assert [(event.tag, event.details) for event in by_alice()] == [
        ("project:release:yank", {"version": "1.0", "reason": "Breaks on Windows"}),
        ("project:release:unyank", {"version": "1.0", "reason": ""}),
    ]


def test_a_yank_that_is_sent_twice_is_one(owner: Client, file: File):
    for _ in range(2):
        assert owner.post(f"{BASE}1.0/yank/", {"reason": ""}).status_code == 302
    for _ in range(2):
        assert owner.post(f"{BASE}1.0/unyank/").status_code == 302
    assert owner.get(f"{BASE}1.0/unyank/").status_code == 302
    assert len(by_alice()) == 2


@pytest.mark.parametrize("reason", ["x" * 501, "a\0b"])
def test_a_reason_that_cannot_be_kept_comes_back_with_a_sentence(owner: Client, file: File, reason: str):
    answer = owner.post(f"{BASE}1.0/yank/", {"reason": reason})
    assert (answer.status_code, "reason" in answer.context["form"].errors) == (200, True)
    assert Release.objects.get().yanked_at is None


def test_a_release_is_deleted_when_its_version_is_typed(owner: Client, file: File):
    page = " ".join(owner.get(f"{BASE}1.0/delete/").content.decode().split())
    assert "1 file with" in page
    assert "The file names never return" in page
    for typed in ("", "1.1", "1.0.0", "\0"):
        assert owner.post(f"{BASE}1.0/delete/", {"typed": typed}).context["form"].errors
    assert Release.objects.exists()
    answer = owner.post(f"{BASE}1.0/delete/", {"typed": " 1.0 "}, follow=True)
    assert said(answer) == "1.0 is deleted with its files."
    assert UsedFilename.objects.get().filename == file.filename
    assert by_alice(tag="project:release:remove")[0].details == {
        "version": "1.0",
        "files": {file.filename: file.sha256},
    }
    assert owner.post(f"{BASE}1.0/delete/", {"typed": "1.0"}).status_code == 404


def test_a_file_is_deleted_when_its_name_is_typed(owner: Client, file: File):
    path = f"{BASE}1.0/files/{file.filename}/delete/"
    assert "The file name never returns" in owner.get(path).content.decode()
    assert owner.post(path, {"typed": "1.0"}).context["form"].errors["typed"] == [f"This is not {file.filename}."]
    answer = owner.post(path, {"typed": file.filename}, follow=True)
    assert said(answer) == f"{file.filename} is deleted."
    assert "This release has no files." in answer.content.decode()
    assert by_alice(tag="project:release:file:remove")[0].details["sha256"] == file.sha256
    assert owner.post(path, {"typed": file.filename}).status_code == 404


@pytest.mark.parametrize("path", ["yank/", "unyank/", "delete/", "files/sample_project-1.0-py3-none-any.whl/delete/"])
def test_nothing_of_a_project_in_quarantine_changes(owner: Client, file: File, path: str):
    Project.objects.update(status="quarantined")
    assert "This project is in quarantine." in owner.get(BASE).content.decode()
    assert "/delete/" not in owner.get(f"{BASE}1.0/").content.decode()
    answer: Any = owner.post(f"{BASE}1.0/{path}", {"typed": "1.0", "reason": "x"})
    assert (answer.status_code, "until an administrator has looked at it" in answer.content.decode()) == (403, True)
    assert not Event.objects.filter(actor__username="alice").exists()
