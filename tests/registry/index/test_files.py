"""``/files/…``."""

import hashlib
import io
import tarfile
import zipfile

import pytest
from django.core.files.storage import default_storage

from registry.models import File, Project
from tests.factories import make_file, make_project, make_sdist

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def file(project):
    return make_file(project, requires_python=">=3.11")


def get(client, file, suffix="", **headers):
    """The answer, read to its end."""
    answer = client.get(f"/files/{file.path}{suffix}", headers=headers)
    answer.chunks = list(answer.streaming_content) if answer.streaming else [answer.content]
    return answer


def body(answer):
    return b"".join(answer.chunks)


class TestWhole:
    """The file as it was uploaded, for ever."""

    def test_its_bytes_come_back(self, client, file):
        answer = get(client, file)
        data = body(answer)
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
        assert answer["Content-Length"] == str(file.size)

    def test_it_may_be_kept_for_ever(self, client, file):
        answer = get(client, file)
        assert {name: answer[name] for name in ("Cache-Control", "ETag", "Content-Type", "Accept-Ranges")} == {
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{file.sha256}"',
            "Content-Type": "application/octet-stream",
            "Accept-Ranges": "bytes",
        }
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Last-Modified" in answer
        assert "Vary" not in answer

    def test_an_sdist_is_not_unpacked_on_the_way(self, client, project):
        answer = get(client, make_sdist(project))
        assert "Content-Encoding" not in answer
        assert answer["Content-Type"] == "application/octet-stream"
        with tarfile.open(fileobj=io.BytesIO(body(answer))) as archive:
            assert archive.getnames()

    def test_the_metadata_lies_beside_the_wheel(self, client, file):
        answer = get(client, file, ".metadata")
        data = body(answer)
        assert b"Requires-Python: >=3.11" in data
        assert hashlib.sha256(data).hexdigest() == file.metadata_sha256
        assert answer["ETag"] == f'"{file.metadata_sha256}"'
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Content-Length"] == str(len(data))

    def test_nothing_lies_beside_an_sdist(self, client, project):
        assert get(client, make_sdist(project), ".metadata").status_code == 404

    def test_head_says_how_long_it_is(self, client, file):
        answer = client.head(f"/files/{file.path}", headers={"Range": "bytes=0-1"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["Content-Length"] == str(file.size)

    def test_it_comes_in_chunks(self, client, project):
        file = make_file(project, "2.0", description="long " * 100_000)
        chunks = get(client, file, ".metadata").chunks
        assert max(map(len, chunks)) <= 64 * 1024
        assert len(chunks) > 1

    @pytest.mark.parametrize("suffix", ["", ".metadata"])
    def test_it_costs_one_query(self, client, file, django_assert_num_queries, suffix):
        with django_assert_num_queries(1):
            assert get(client, file, suffix).status_code == 200


class TestConditions:
    """What a client that has it already gets."""

    def test_an_unchanged_file_is_304(self, client, file):
        answer = get(client, file, **{"If-None-Match": f'"{file.sha256}"'})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"

    def test_by_its_date_too(self, client, file):
        date = get(client, file)["Last-Modified"]
        assert get(client, file, **{"If-Modified-Since": date}).status_code == 304

    def test_another_one_is_sent(self, client, file):
        assert get(client, file, **{"If-None-Match": '"other"'}).status_code == 200


class TestRanges:
    """A part of it."""

    def test_a_part_comes_alone(self, client, file):
        answer = get(client, file, Range="bytes=0-3")
        assert (answer.status_code, body(answer)) == (206, b"PK\x03\x04")
        assert answer["Content-Range"] == f"bytes 0-3/{file.size}"
        assert answer["Content-Length"] == "4"

    def test_the_end_comes_by_its_length(self, client, file):
        whole = body(get(client, file))
        assert body(get(client, file, Range="bytes=-22")) == whole[-22:]

    def test_behind_the_end_there_is_nothing(self, client, file):
        answer = get(client, file, Range=f"bytes={file.size}-")
        assert answer.status_code == 416
        assert answer["Content-Range"] == f"bytes */{file.size}"

    @pytest.mark.parametrize("header", ["bytes=0-1,3-4", "lines=1-2", "bytes=9-1"])
    def test_what_cannot_be_served_so_is_served_whole(self, client, file, header):
        assert get(client, file, Range=header).status_code == 200

    def test_a_part_of_this_very_file_may_be_asked_for(self, client, file):
        date = get(client, file)["Last-Modified"]
        for condition in (f'"{file.sha256}"', date):
            assert get(client, file, Range="bytes=0-3", **{"If-Range": condition}).status_code == 206

    @pytest.mark.parametrize("condition", ['"other"', "Thu, 01 Jan 1970 00:00:00 GMT", 'W/"x"'])
    def test_of_another_file_no_part_is_sent(self, client, file, condition):
        answer = get(client, file, Range="bytes=0-3", **{"If-Range": condition})
        assert (answer.status_code, answer["Content-Length"]) == (200, str(file.size))


class TestNotServed:
    """What is not in the database, or in quarantine, is not there."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda path: path.replace("sampleproject", "Sampleproject"),
            lambda path: path.replace(".whl", ".whl.metadata.metadata"),
            lambda path: path + "/",
            lambda path: path[:-1],
            lambda path: path.upper(),
            lambda path: path.replace("/sample", "/%2e%2e/sample"),
            lambda path: path.replace("/sample", "/%00sample"),
            lambda path: path.replace("/sample", "//sample"),
            lambda path: "../" + path,
            lambda path: "%2e%2e%2f" * 5 + "etc/passwd",
            lambda path: "incoming/x",
            lambda path: path + "%0A",
            lambda path: path + "%ff",
        ],
    )
    def test_another_address_leads_nowhere(self, client, file, change):
        assert client.get(f"/files/{change(file.path)}").status_code == 404

    def test_bytes_without_a_row_are_not_served(self, client, file):
        path = file.path
        file.delete()
        assert default_storage.exists(path)
        assert client.get(f"/files/{path}").status_code == 404

    def test_a_row_without_its_bytes_is_404_and_a_line_in_the_log(self, client, file, caplog):
        default_storage.delete(file.path)
        assert get(client, file).status_code == 404
        assert file.path in caplog.text

    @pytest.mark.parametrize("suffix", ["", ".metadata"])
    def test_a_project_in_quarantine_serves_nothing(self, client, file, suffix):
        Project.objects.update(status="quarantined")
        assert get(client, file, suffix).status_code == 404

    def test_the_digest_must_be_the_files(self, client, file):
        File.objects.update(sha256="0" * 64)
        assert client.get(f"/files/{file.path}").status_code == 404
