"""The upload API as clients see it."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client

from registry.creation import create_project
from registry.models import Event, File, Project, Release, Role, UsedFilename, User
from tests.registry.uploads import making
from tokens.models import ApiToken, Provenance

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"
FORBIDDEN = "Invalid or non-existent authentication information."


def said(response: Any) -> str:
    """The sentence of a refusal, which the reason phrase repeats."""
    sentence: str = response.content.decode().strip()
    assert response.reason_phrase == sentence.encode("ascii", "replace").decode()[:200]
    return sentence


def nothing_is_stored(files: Path) -> bool:
    """Neither rows nor bytes, not even unfinished ones."""
    rows = File.objects.exists() or Project.objects.exists() or UsedFilename.objects.exists()
    return not rows and not [path for path in files.rglob("*") if path.is_file()]


class TestStoring:
    def test_a_wheel_is_stored_with_its_metadata(self, client: Client, token: str, files: Path):
        content = making.wheel()
        response = making.upload(client, token, making.form(content, WHEEL))
        assert (response.status_code, response.content) == (200, b"")
        file = File.objects.get()
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.size == len(content)
        assert (file.md5, file.comment) == (hashlib.md5(content, usedforsecurity=False).hexdigest(), "")
        assert (file.packagetype, file.python_version, file.release.version) == ("bdist_wheel", "py3", "1.0")
        with default_storage.open(file.path) as stored:
            assert stored.read() == content
        with default_storage.open(f"{file.path}.metadata") as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == file.metadata_sha256
        assert not list((files / "incoming").iterdir())

    def test_an_sdist_is_stored(self, client: Client, token: str):
        assert making.upload(client, token, making.form(making.sdist(), SDIST)).status_code == 200
        file = File.objects.get()
        assert (file.packagetype, file.python_version, file.metadata_sha256) == ("sdist", "source", "")
        assert not default_storage.exists(f"{file.path}.metadata")

    def test_the_release_keeps_the_metadata_of_its_first_file(self, client: Client, token: str):
        files = making.wheel_files(
            more="Summary: From the file\nRequires-Python: >=3.8\nProject-URL: Docs, https://x.org\n"
        )
        making.upload(client, token, making.form(making.zipped(making.recorded(files)), WHEEL))
        kept = Release.objects.get().metadata
        assert (kept["summary"], kept["project_urls"]) == ("From the file", {"Docs": "https://x.org"})
        assert kept["description"] == "Hello.\n"
        assert File.objects.get().requires_python == ">=3.8"

    def test_a_first_upload_creates_the_project_and_its_history(self, client: Client, token: str, alice: User):
        making.upload(client, token, making.form(making.wheel(), WHEEL))
        project = Project.objects.get()
        assert (project.name, list(project.owners()), project.serial) == ("sampleproject", [alice], 1)
        tags = list(Event.objects.filter(project=project).order_by("pk").values_list("tag", flat=True))
        assert tags == ["project:create", "project:role:add", "project:release:add", "file:add"]
        assert Event.objects.get(tag="file:add").details["filename"] == WHEEL
        assert Provenance.objects.get().api_token == ApiToken.objects.get()

    def test_the_same_bytes_again_change_nothing(self, client: Client, token: str):
        for _ in range(2):
            assert making.upload(client, token, making.form(making.wheel(), WHEEL)).status_code == 200
        assert (File.objects.count(), Project.objects.get().serial) == (1, 1)
        assert Event.objects.filter(tag="file:add").count() == 1

    def test_other_bytes_under_the_same_name_are_refused(self, client: Client, token: str):
        making.upload(client, token, making.form(making.wheel(), WHEEL))
        other = making.wheel(extra={"sampleproject/more.py": b""})
        response = making.upload(client, token, making.form(other, WHEEL))
        assert response.status_code == 400
        blake2 = hashlib.blake2b(other, digest_size=32).hexdigest()
        assert response.content.decode().startswith(
            f"File already exists ('{WHEEL}', with blake2_256 hash '{blake2}')."
        )
        assert response.reason_phrase.startswith("File already exists")

    def test_a_deleted_files_name_never_returns(self, client: Client, token: str):
        making.upload(client, token, making.form(making.wheel(), WHEEL))
        File.objects.all().delete()
        response = making.upload(client, token, making.form(making.wheel(), WHEEL))
        assert response.status_code == 400
        assert said(response).startswith("This filename was previously used by a file that has since been deleted.")

    def test_a_release_has_one_sdist_and_many_wheels(self, client: Client, token: str):
        tagged = "sampleproject-1.0-py2.py3-none-any.whl"
        for content, name in ((making.wheel(), WHEEL), (making.wheel(), tagged), (making.sdist(), SDIST)):
            assert making.upload(client, token, making.form(content, name)).status_code == 200
        second = making.sdist(version="1.0.0")
        response = making.upload(client, token, making.form(second, "sampleproject-1.0.0.tar.gz"))
        assert (response.status_code, said(response)) == (400, "Only one sdist may be uploaded per release.")
        assert Release.objects.count() == 1

    def test_a_local_version_is_welcome(self, client: Client, token: str):
        content = making.wheel(version="1.0+cu121")
        response = making.upload(client, token, making.form(content, "sampleproject-1.0+cu121-py3-none-any.whl"))
        assert response.status_code == 200
        assert Release.objects.get().version == "1.0+cu121"

    @pytest.mark.parametrize(("digest", "algorithm"), [("md5", "md5"), ("blake2_256", "blake2b"), ("sha256", "sha256")])
    def test_one_digest_is_enough(self, client: Client, token: str, digest: str, algorithm: str):
        content = making.wheel()
        options = {"digest_size": 32} if algorithm == "blake2b" else {}
        value = getattr(hashlib, algorithm)(content, **options).hexdigest().upper()
        none = {"sha256_digest": None, "blake2_256_digest": None}
        fields = making.form(content, WHEEL, **{**none, f"{digest}_digest": value})
        assert making.upload(client, token, fields).status_code == 200

    def test_fields_that_are_of_no_use_do_no_harm(self, client: Client, token: str):
        fields = making.form(
            making.wheel(),
            WHEEL,
            platform="UNKNOWN",
            requires_python="",
            license_file=["LICENSE"],
            metadata_version="2.1",
            comment="Hi",
            gpg_signature=making.sent(b"signed", "x.asc"),
            something="else",
            description="Nul \x00 and ünïcode ☃",
        )
        assert making.upload(client, token, fields).status_code == 200
        assert File.objects.get().comment == "Hi"


class TestWho:
    @pytest.mark.parametrize(
        "header", ["", "Basic", "Basic !!!", "Bearer x", "Token abc", making.basic("gth_api_nonsense"), "Bearer \xe9"]
    )
    def test_no_or_a_dead_credential_is_403(self, client: Client, db: None, files: Path, header: str):
        headers = {"authorization": header} if header else {}
        response = client.post("/legacy/", making.form(making.wheel(), WHEEL), headers=headers)
        assert (response.status_code, said(response)) == (403, FORBIDDEN)
        assert "WWW-Authenticate" not in response
        assert nothing_is_stored(files)

    def test_a_refused_body_is_read_to_its_end(self, client: Client, db: None):
        data, content_type = making.body(making.form(making.wheel(), WHEEL))
        response = client.generic("POST", "/legacy/", data, content_type)
        assert response.status_code == 403
        assert len(response.wsgi_request.environ["wsgi.input"]) == 0

    def test_a_token_without_the_scope_is_403(self, client: Client, alice: User):
        token = making.api_token(alice, scopes=("download", "read"))
        response = making.upload(client, token, making.form(making.wheel(), WHEEL))
        assert (response.status_code, said(response)) == (403, "This token has no scope 'upload'.")

    def test_a_stranger_does_not_upload(self, client: Client, alice: User, token: str):
        making.upload(client, token, making.form(making.wheel(), WHEEL))
        bob = making.api_token(User.objects.create_user("bob"))
        response = making.upload(client, bob, making.form(making.sdist(), SDIST))
        assert response.status_code == 403
        assert said(response) == "The user 'bob' isn't allowed to upload to project 'sampleproject'."
        assert File.objects.count() == 1

    def test_a_maintainer_uploads(self, client: Client, alice: User):
        project = create_project("SampleProject", owners=[alice], actor=making.somebody())
        carol = User.objects.create_user("carol")
        Role.objects.create(project=project, user=carol, role=Role.Kind.MAINTAINER)
        token = making.api_token(carol)
        assert making.upload(client, token, making.form(making.wheel(), WHEEL)).status_code == 200
        assert Project.objects.get().name == "SampleProject"

    @pytest.mark.parametrize("status", ["archived", "quarantined"])
    def test_a_closed_project_takes_no_files(self, client: Client, alice: User, token: str, status: str):
        create_project("sampleproject", owners=[alice], actor=making.somebody(), status=status)
        response = making.upload(client, token, making.form(making.wheel(), WHEEL))
        assert response.status_code == 403
        assert said(response) == f"The project 'sampleproject' is {status}: it takes no new files."

    def test_a_name_that_is_not_free_is_refused(self, client: Client, alice: User, token: str):
        create_project("sample-pr0ject", owners=[alice], actor=making.somebody())
        response = making.upload(client, token, making.form(making.wheel(), WHEEL))
        assert response.status_code == 400
        assert "too similar to an existing project ('sample-pr0ject')" in said(response)

    def test_a_standard_librarys_name_is_refused(self, client: Client, token: str, files: Path):
        content = making.wheel("json")
        response = making.upload(client, token, making.form(content, "json-1.0-py3-none-any.whl"))
        assert (response.status_code, "isn't allowed" in said(response)) == (400, True)
        assert nothing_is_stored(files)


class TestProtocol:
    @pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options", "patch"])
    def test_other_methods_are_405(self, client: Client, db: None, method: str):
        response = getattr(client, method)("/legacy/")
        assert (response.status_code, response["Allow"]) == (405, "POST")

    @pytest.mark.parametrize("path", ["/", "/simple/", "/simple/sampleproject/", "/simple", "/simple/sampleproject"])
    @pytest.mark.parametrize("accept", ["*/*", "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"])
    def test_an_upload_elsewhere_is_told_where_to_go(self, client: Client, db: None, path: str, accept: str):
        response = client.post(path, making.form(making.wheel(), WHEEL), headers={"Accept": accept})
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
        sentence = f"Upload to {settings.SITE_URL}/legacy/ instead: this address is for reading."
        assert response.reason_phrase == sentence
        assert sentence in response.content.decode()

    def test_the_slash_is_added_and_the_method_kept(self, client: Client, db: None):
        response = client.post("/legacy", making.form(making.wheel(), WHEEL))
        assert (response.status_code, response["Location"]) == (308, f"{settings.SITE_URL}/legacy/")
        assert response.reason_phrase.startswith("An upload was attempted to /legacy but")

    @pytest.mark.parametrize("action", ["submit", "submit_pkg_info", "doc_upload"])
    def test_old_actions_are_gone(self, client: Client, token: str, action: str):
        response = making.upload(client, token, {":action": action, "name": "x"})
        assert response.status_code == 410
        assert said(response)

    def test_an_unknown_action_is_refused(self, client: Client, token: str):
        response = making.upload(client, token, making.form(making.wheel(), WHEEL, **{":action": "steal"}))
        assert (response.status_code, said(response)[:23]) == (400, "Unknown action 'steal'.")

    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            ("*/*", "text/plain; charset=utf-8"),
            ("application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7", "application/json"),
            ("text/html", "text/plain; charset=utf-8"),
            ("application/json", "application/json"),
            ("nonsense;q=abc, ;;,/", "text/plain; charset=utf-8"),
        ],
    )
    def test_a_refusal_comes_as_the_client_accepts_it(self, client: Client, db: None, accept: str, content_type: str):
        response = client.post("/legacy/", {"x": "y"}, headers={"accept": accept})
        assert response["Content-Type"] == content_type
        if content_type == "application/json":
            assert response.json() == {"message": FORBIDDEN, "code": f"403 {FORBIDDEN}"}
        assert response.reason_phrase == FORBIDDEN
        assert response["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
    )
    def test_what_is_no_multipart_form_is_refused(self, client: Client, token: str, content_type: str):
        headers = {"authorization": making.basic(token)}
        response = client.post("/legacy/", b"name=x", content_type=content_type, headers=headers)
        assert (response.status_code, said(response)) == (
            400,
            "The upload is not a well-formed multipart/form-data form.",
        )

    def test_a_charset_that_is_no_text_does_not_break_it(self, client: Client, token: str):
        data, content_type = making.body(making.form(making.wheel(), WHEEL))
        headers = {"authorization": making.basic(token)}
        response = client.generic("POST", "/legacy/", data, f"{content_type}; charset=hex", headers=headers)
        assert response.status_code == 200

    def test_a_body_of_unknown_length_is_411(self, client: Client, token: str):
        response = client.post(
            "/legacy/",
            b"5\r\nhello\r\n0\r\n\r\n",
            content_type="multipart/form-data; boundary=x",
            headers={"authorization": making.basic(token), "transfer-encoding": "chunked"},
        )
        assert (response.status_code, "Content-Length" in said(response)) == (411, True)
