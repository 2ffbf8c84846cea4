"""Many at the same moment, on several worker processes, and a server that dies in the middle."""

import gc
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
import requests

from publishers.models import Issuer
from registry.models import File, Project, User
from tokens.models import Exchange, UploadToken

MINT = "/_/oidc/mint-token"


def at_once(count, work):
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_32_identical_exchanges_one_is_granted(job_at, registry_server_with_four_workers):
    job = job_at(registry_server_with_four_workers)
    job.server.mark()
    token = job.token()
    answers = at_once(32, lambda _number: job.post(MINT, {"token": token}))
    codes = ["granted" if answer.ok else answer.json()["errors"][0]["code"] for answer in answers]
    assert sorted(codes) == ["granted"] + ["invalid-reuse-token"] * 31
    assert UploadToken.objects.count() == 1
    assert Exchange.objects.get().replays == 31
    assert "database is locked" not in job.server.news()


def test_of_one_token_at_two_machines_one_exchange_is_granted(
    job_at, registry_server, registry_server_with_four_workers
):
    """Two servers on one database, each asked eight times at the same moment."""
    servers, job = [registry_server, registry_server_with_four_workers], job_at(registry_server)
    Issuer.objects.filter(pk=job.world.issuer.pk).update(audience="both.example.com")
    for changes in ({}, {"jti": None}):
        token = job.world.token(aud="both.example.com", **changes)

        def ask(number, token=token):
            return requests.post(servers[number % 2].url + MINT, json={"token": token}, verify=job.trust, timeout=30)

        answers = at_once(16, ask)
        codes = ["granted" if answer.ok else answer.json()["errors"][0]["code"] for answer in answers]
        assert sorted(codes) == ["granted"] + ["invalid-reuse-token"] * 15
    assert UploadToken.objects.count() == 2


def test_32_different_exchanges_are_all_granted(job_at, registry_server_with_four_workers):
    job = job_at(registry_server_with_four_workers)
    job.server.mark()
    tokens = [job.token() for _ in range(32)]
    answers = at_once(32, lambda number: job.post(MINT, {"token": tokens[number]}))
    assert [answer.status_code for answer in answers] == [200] * 32
    assert "database is locked" not in job.server.news()


def test_of_two_uploads_with_a_single_use_token_one_is_stored(job):
    token = job.mint(features=["single-use-token"])
    files = [job.wheel(), job.sdist()]
    answers = at_once(2, lambda number: job.upload(files[number].read_bytes(), files[number].name, token))
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    assert File.objects.count() == 1


def test_of_two_first_uploads_of_one_name_both_belong_to_one_project_or_one_is_told(job):
    job.world.add("brand-new")
    token = job.mint()
    files = [job.wheel("brand-new"), job.sdist("brand-new")]
    answers = at_once(2, lambda number: job.upload(files[number].read_bytes(), files[number].name, token))
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    assert Project.objects.filter(normalized_name="brand-new").count() == 1
    assert File.objects.count() == 2


def test_two_who_wait_for_a_name_and_upload_at_once_do_not_hold_each_other_up(job):
    world, mallory = job.world, User.objects.create_user("mallory")
    world.publisher.delete()
    other = "octo-org/other/.github/workflows/release.yml@refs/heads/main"
    claims = {"repository": "octo-org/other", "repository_id": "9", "workflow_ref": other, "job_workflow_ref": other}
    for name in ("brand-new", "quite-new"):
        world.add(name)
        world.add(name, added_by=mallory, values={"repository": "other"})
    tokens = [job.mint(), job.post(MINT, {"token": job.token(**claims)}).json()["token"]]
    for name in ("brand-new", "quite-new"):
        files = [job.wheel(name), job.sdist(name)]
        answers = at_once(2, lambda number: job.upload(files[number].read_bytes(), files[number].name, tokens[number]))  # noqa: B023
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert won.status_code == 200
        # Who comes a moment later finds the token of a publisher that is gone.
        assert lost.status_code in {400, 403}, lost.text
        assert Project.objects.filter(name=name).count() == 1


@pytest.fixture
def doomed(start_server):
    """A server that may be killed."""
    return start_server()


# A client whose server dies in the middle of its request drops the socket unclosed.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_a_kill_in_the_middle_of_50_uploads_every_listed_file_is_whole(job_at, doomed):
    job = job_at(doomed)
    token = job.mint()
    noise = {"sampleproject/noise.bin": bytes(range(256)) * 8000}
    wheels = [job.wheel(version=f"1.{number}", extra=noise) for number in range(50)]
    answered = []

    def upload(number):
        try:
            answer = job.upload(wheels[number].read_bytes(), wheels[number].name, token)
        except requests.RequestException:
            return
        if answer.status_code == 200:
            answered.append(wheels[number].name)
        if len(answered) == 8:
            doomed.kill(signal.SIGKILL)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(upload, range(50)))
    gc.collect()
    assert doomed.process is None
    doomed.restart()
    listed = listing(job)
    assert set(answered) <= listed.keys()
    for name, (url, _digest) in listed.items():
        assert requests.get(url, verify=job.trust, timeout=30).content == (job.folder / name).read_bytes()
    again = [job.upload(wheel.read_bytes(), wheel.name, token) for wheel in wheels]
    assert [answer.status_code for answer in again] == [200] * 50
    assert listing(job).keys() == {wheel.name for wheel in wheels}


def listing(job):
    answer = requests.get(
        f"{job.server.url}/simple/sampleproject/",
        headers={"Accept": "application/vnd.pypi.simple.v1+json"},
        verify=job.trust,
        timeout=30,
    )
    return {
        file["filename"]: (urljoin(answer.url, file["url"]), file["hashes"]["sha256"])
        for file in (answer.json()["files"] if answer.ok else [])
    }
