"""Whatever is sent, the upload API refuses it with a sentence: never a 500."""

import contextlib
import gzip
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from packaging.version import Version

from registry.models import File
from registry.uploads import distributions, metadata
from registry.uploads.errors import InvalidDistribution, UploadRefused
from tests.registry.uploads import making

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"
GOOD = {File.PackageType.WHEEL: making.wheel(), File.PackageType.SDIST: making.sdist()}
FIELDS = [*making.form(making.wheel(), WHEEL), "description", "requires_dist", "requires_python", "license_expression"]
FIELDS += ["description_content_type", "project_urls", "classifiers", "keywords", "attestations", "md5_digest", "x"]
FIELDS += ["dynamic", "provides_extra", "import_name", "license_file", "home_page", "author_email", "platform"]

text = some.one_of(
    some.text(max_size=60),
    some.text("()[]{}'\"<>=!~;,.@* \n\\aA1-_+", max_size=60),
    some.sampled_from(["1.0", "2.6", ">=3", "a; python_version<'3'", "text/markdown; x*", "{" * 500, "9" * 5000]),
)
quiet = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)


def is_a_sentence(response: Any) -> bool:
    sentence = response.content.decode().strip()
    return bool(sentence) and "<" not in response["Content-Type"] and response.reason_phrase.isascii()


@quiet
@given(
    changes=some.dictionaries(some.sampled_from(FIELDS), some.one_of(text, some.lists(text, max_size=3)), max_size=4)
)
def test_any_form(client: Client, token: str, changes: dict[str, Any]):
    response = making.upload(client, token, making.form(GOOD[File.PackageType.WHEEL], WHEEL, **changes))
    assert response.status_code in (200, 400, 403, 410)
    assert response.status_code == 200 or is_a_sentence(response)


@quiet
@given(body=some.binary(max_size=300), before=some.booleans())
def test_any_body(client: Client, token: str, body: bytes, before: bool):
    whole, content_type = making.body(making.form(GOOD[File.PackageType.SDIST], SDIST))
    sent = body + whole[20:] if before else whole[:-20] + body
    response = client.generic("POST", "/legacy/", sent, content_type, headers={"authorization": making.basic(token)})
    assert response.status_code in (200, 400)
    assert response.status_code == 200 or is_a_sentence(response)


@pytest.mark.django_db
@quiet
@given(
    accept=some.text(some.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    content_type=some.text(some.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    authorization=some.text(some.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    known=some.booleans(),
)
def test_any_headers(client: Client, token: str, accept: str, content_type: str, authorization: str, known: bool):
    body, _ = making.body(making.form(GOOD[File.PackageType.SDIST], SDIST))
    headers = {"accept": accept, "authorization": making.basic(token) if known else authorization}
    response = client.generic("POST", "/legacy/", body, f"multipart/form-data; {content_type}", headers=headers)
    assert response.status_code in ((200, 400) if known else (403,))


@pytest.mark.parametrize("filetype", GOOD)
@quiet
@given(data=some.data())
def test_any_damage_to_an_archive(filetype: File.PackageType, data: some.DataObject):
    content = bytearray(GOOD[filetype] if data.draw(some.booleans()) else gzip.decompress(making.sdist()))
    for _ in range(data.draw(some.integers(1, 4))):
        at = data.draw(some.integers(0, len(content) - 1))
        new = data.draw(some.binary(max_size=8))
        content[at : at + data.draw(some.sampled_from([len(new), 0, 1, 40]))] = new
        if not content:
            return
    whole = bytes(content)
    sent = whole if whole.startswith((b"PK", b"\x1f\x8b")) else gzip.compress(whole)
    with tempfile.NamedTemporaryFile() as file:
        file.write(sent)
        file.flush()
        with contextlib.suppress(InvalidDistribution):
            distributions.contents(Path(file.name), filetype, "sampleproject", Version("1.0"))


@quiet
@given(some.binary(max_size=600))
def test_any_metadata(data: bytes):
    with contextlib.suppress(UploadRefused):
        metadata.valid(metadata.from_file(making.metadata() + data))
    with contextlib.suppress(UploadRefused):
        metadata.valid(metadata.from_file(data))
