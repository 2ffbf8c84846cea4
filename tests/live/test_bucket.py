"""Unmodified clients and the production server, with the files in a bucket."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
import requests

from registry.models import File
from tests.buckets import BucketServer, Line
from tests.live.conftest import Job
from tests.server import RegistryServer

MIB = 1024 * 1024


@pytest.fixture
def bucket(bucket_server: BucketServer) -> str:
    """A fresh bucket."""
    return bucket_server.make_bucket()


@pytest.fixture
def line(bucket_server: BucketServer) -> Iterator[Line]:
    """A line to the S3 server."""
    line = Line(bucket_server.port)
    yield line
    line.close()


@pytest.fixture
def job(job_at: Callable[[RegistryServer], Job], start: Callable[..., RegistryServer], bucket: str, line: Line) -> Job:
    """A job, whose registry has its files in the bucket, at the other end of the line."""
    return job_at(start(FILES_URL=f"s3://{bucket}/packages?endpoint_url={line.url}&region=eu-central-1", WORKERS="1"))


def get(job: Job, path: str, **headers: str) -> requests.Response:
    return requests.get(job.server.url + path, headers=headers, verify=job.trust, timeout=60)


def test_uv_publishes_and_pip_installs(job: Job, bucket_server: BucketServer, bucket: str):
    wheel, sdist = job.wheel(), job.sdist()
    done = job.run("uv", "publish", "--trusted-publishing", "always", "--publish-url", job.legacy, wheel, sdist)
    assert done.returncode == 0, done.stderr
    paths = [file.path for file in File.objects.all()]
    assert len(bucket_server.keys(bucket)) == 3
    assert {f"packages/{path}" for path in paths} < set(bucket_server.keys(bucket))

    wanted = job.folder / "wanted.txt"
    wanted.write_text(f"sampleproject==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    target = job.folder / "installed"
    options = ["--no-cache-dir", "--index-url", f"{job.server.url}/simple/", "--cert", job.trust, "--target", target]
    done = job.run("pip", "install", *options, "--require-hashes", "-r", wanted)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (target / "sampleproject" / "__init__.py").read_text() == "answer = 42\n"
    assert "only-for-tests" not in job.server.log()


def test_a_line_that_breaks_is_not_felt_and_a_server_that_is_gone_is_503(job: Job, line: Line):
    noise = {f"sampleproject/{number}.bin": hashlib.shake_256(bytes([number])).digest(MIB) for number in range(3)}
    wheel = job.wheel(extra=noise).read_bytes()
    assert job.upload(wheel, "sampleproject-1.0-py3-none-any.whl", job.mint()).status_code == 200
    path = f"/files/{File.objects.get().path}"

    line.break_all()
    line.cut(MIB)
    assert get(job, path).content == wheel
    assert get(job, path, Range="bytes=-22").content == wheel[-22:]

    # More often than it is taken up again: the answer ends too early, and the client sees that.
    line.break_all()
    line.cut(MIB, *[10] * 20)
    with pytest.raises(requests.RequestException):
        get(job, path)
    assert "The bucket failed after" in job.server.log()

    line.close()
    assert get(job, path).status_code == 503
    assert get(job, "/readyz").json() == {"status": "failed", "failed": ["storage"]}
    refused = job.upload(job.sdist().read_bytes(), "sampleproject-1.0.tar.gz", job.mint())
    assert (refused.status_code, "Try again." in refused.reason) == (503, True)
    options = ["--index-url", f"{job.server.url}/simple/", "--cert", job.trust, "--retries", "0", "--no-cache-dir"]
    done = job.run("pip", "download", *options, "--dest", job.folder / "down", "sampleproject")
    assert done.returncode != 0
    assert "503" in done.stdout + done.stderr
    assert File.objects.count() == 1
