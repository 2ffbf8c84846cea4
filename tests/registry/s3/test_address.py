"""FILES_URL, right and wrong."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from registry import env

BASE = Path("/srv/gatehouse")
R2 = "https://0123456789.r2.example.com"


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("s3://files", {"bucket": "files", "prefix": ""}),
        ("s3://files/", {"bucket": "files", "prefix": ""}),
        ("s3://my.files-2/team/a/", {"bucket": "my.files-2", "prefix": "team/a"}),
        ("s3://files?region=eu-central-1", {"bucket": "files", "prefix": "", "region": "eu-central-1"}),
        (
            f"s3://files?endpoint_url={R2}&region=auto",
            {"bucket": "files", "prefix": "", "endpoint_url": R2, "region": "auto"},
        ),
        (
            "s3://files?endpoint_url=http%3A%2F%2Fminio%3A9000%2F",
            {"bucket": "files", "prefix": "", "endpoint_url": "http://minio:9000"},
        ),
        (
            "s3://files?endpoint_url=https://gate.example.com/s3",
            {"bucket": "files", "prefix": "", "endpoint_url": "https://gate.example.com/s3"},
        ),
    ],
)
def test_a_bucket(monkeypatch: pytest.MonkeyPatch, url: str, options: dict[str, str]):
    monkeypatch.setenv("FILES_URL", url)
    read = env.files("FILES_URL", "file:var/files", BASE)
    assert read == {"BACKEND": "registry.s3.storage.BucketStorage", "OPTIONS": options}


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("", BASE / "var/files"),
        ("file:elsewhere", BASE / "elsewhere"),
        ("file:/srv/files", Path("/srv/files")),
        ("file:///srv/files", Path("/srv/files")),
    ],
)
def test_a_folder(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path):
    monkeypatch.setenv("FILES_URL", url)
    read = env.files("FILES_URL", "file:var/files", BASE)
    assert read == {"BACKEND": "registry.storage.ContentStorage", "OPTIONS": {"location": folder}}


FORM = "FILES_URL must be file:DIR or s3://BUCKET/PREFIX?endpoint_url=ADDRESS&region=REGION"
BUCKET = "FILES_URL must name a bucket, 3 to 63 lower-case letters, digits, dots and hyphens, not "
CREDENTIALS = "FILES_URL must not hold credentials: they come from AWS_ACCESS_KEY_ID"
ENDPOINT = "FILES_URL must have an http or https address as endpoint_url, such as https://s3.example.com"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("file:", FORM),
        ("var/files", FORM),
        ("https://sesame@files", FORM),
        ("S3://sesame@files", FORM),
        ("s3://", BUCKET + "''"),
        ("s3:files", BUCKET + "''"),
        ("s3://ab", BUCKET + "'ab'"),
        ("s3://Files", BUCKET + "'Files'"),
        ("s3://my_files", BUCKET),
        ("s3://a..b", BUCKET),
        ("s3://-files", BUCKET),
        ("s3://192.0.2.1", BUCKET),
        ("s3://files:9000", BUCKET + "'files:9000'"),
        (f"s3://{'a' * 64}", BUCKET),
        ("s3://[files", "FILES_URL must be s3://BUCKET"),
        ("s3://files#sesame", "FILES_URL must be s3://BUCKET/PREFIX?endpoint_url=ADDRESS&region=REGION, without a '#'"),
        ("s3://key:sesame@files", CREDENTIALS),
        ("s3://sesame@files", CREDENTIALS),
        ("s3://files/../other", "FILES_URL may have a prefix of letters, digits"),
        ("s3://files/a//b", "FILES_URL may have a prefix of letters, digits"),
        ("s3://files/a%20b", "FILES_URL may have a prefix of letters, digits"),
        ("s3://files?secret_key=sesame", "FILES_URL takes the parameters endpoint_url and region, not 'secret_key'"),
        ("s3://files?region=eu-central-1&region=eu-west-1", "FILES_URL has the parameter 'region' twice"),
        ("s3://files?region=", "FILES_URL must have a region such as eu-central-1, not ''"),
        ("s3://files?region=EU", "FILES_URL must have a region such as eu-central-1, not 'EU'"),
        ("s3://files?endpoint_url=", ENDPOINT),
        ("s3://files?endpoint_url=minio:9000", ENDPOINT),
        ("s3://files?endpoint_url=ftp://minio", ENDPOINT),
        ("s3://files?endpoint_url=https://", ENDPOINT),
        ("s3://files?endpoint_url=https://[minio", ENDPOINT),
        ("s3://files?endpoint_url=https://minio:nine", ENDPOINT),
        ("s3://files?endpoint_url=https://key:sesame@minio", ENDPOINT),
        ("s3://files?endpoint_url=https://minio/%3Fx=1", ENDPOINT),
        ("s3://files?endpoint_url=https://mi%20nio", ENDPOINT),
    ],
)
def test_a_wrong_one(monkeypatch: pytest.MonkeyPatch, url: str, told: str):
    monkeypatch.setenv("FILES_URL", url)
    with pytest.raises(ImproperlyConfigured) as wrong:
        env.files("FILES_URL", "file:var/files", BASE)
    assert str(wrong.value).startswith(told)
    assert "sesame" not in str(wrong.value)
