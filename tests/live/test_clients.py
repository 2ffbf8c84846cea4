"""Unmodified clients, over HTTPS: uv, twine, ``python -m id``, curl's way of posting, pip."""

import hashlib
import json
import os

import requests

from registry.models import File, Project, Release
from tokens.models import Exchange, Provenance, UploadToken


def index_of(job):
    return f"{job.server.url}/simple/"


def test_uv_publishes_with_trusted_publishing_and_burns_its_token(job):
    files = [job.wheel(), job.sdist()]
    done = job.run("uv", "publish", "--trusted-publishing", "always", "--publish-url", job.legacy, *files)
    assert done.returncode == 0, done.stderr
    assert {file.filename for file in File.objects.all()} == {path.name for path in files}
    token = UploadToken.objects.get()
    assert token.burnt_at is not None
    provenance = Provenance.objects.get(filename=files[0].name)
    assert provenance.exchange == Exchange.objects.get()
    assert provenance.claims["repository"] == "octo-org/sampleproject"
    assert provenance.claims["run_id"] == "30433642"


def test_uv_creates_a_project_through_a_pending_publisher(job):
    waiting = job.world.add("brand-new")
    done = job.run(
        "uv", "publish", "--trusted-publishing", "always", "--publish-url", job.legacy, job.wheel("brand-new")
    )
    assert done.returncode == 0, done.stderr
    project = Project.objects.get(normalized_name="brand-new")
    assert list(project.owners()) == [job.world.owner]
    waiting.refresh_from_db()
    assert waiting.project == project


def test_uv_shows_the_refusal(job):
    job.claims = {"workflow": "ci.yml"}
    done = job.run("uv", "publish", "--trusted-publishing", "always", "--publish-url", job.legacy, job.wheel())
    assert done.returncode != 0
    assert "invalid-publisher" in done.stderr
    assert "release.yml" in done.stderr


def test_uv_publishes_again_without_error_and_skips_by_check_url(job):
    wheel = job.wheel()
    options = ["--trusted-publishing", "always", "--publish-url", job.legacy]
    assert job.run("uv", "publish", *options, wheel).returncode == 0
    again = job.run("uv", "publish", *options, wheel)
    assert again.returncode == 0, again.stderr
    checked = job.run("uv", "publish", *options, "--check-url", index_of(job), wheel)
    assert checked.returncode == 0, checked.stderr
    assert "already exists, skipping" in checked.stderr
    assert File.objects.count() == 1


def test_id_and_twine_publish_with_a_token_minted_by_hand(job):
    audience = requests.get(f"{job.server.url}/_/oidc/audience", verify=job.trust, timeout=10).json()["audience"]
    identity = job.run("python", "-m", "id", audience)
    assert identity.returncode == 0, identity.stderr
    # As curl -d sends it: a form's Content-Type and no Accept of its own.
    minted = requests.post(
        f"{job.server.url}/_/oidc/mint-token",
        data=json.dumps({"token": identity.stdout.strip()}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        verify=job.trust,
        timeout=10,
    )
    assert minted.status_code == 200, minted.text
    done = twine(job, minted.json()["token"], job.wheel(), job.sdist())
    assert done.returncode == 0, done.stdout + done.stderr
    assert File.objects.count() == 2


def twine(job, token, *files):
    command = ["twine", "upload", "--non-interactive", "--disable-progress-bar", "--config-file", os.devnull]
    return job.run(*command, "--repository-url", job.legacy, *files, TWINE_USERNAME="__token__", TWINE_PASSWORD=token)


def test_twine_prints_the_sentence_of_a_bad_token_after_50_megabytes(job):
    big = job.wheel(extra={"sampleproject/noise.bin": os.urandom(50_000_000)})
    done = twine(job, "gth_tp_" + "0" * 49, big)
    assert done.returncode != 0
    assert "403" in done.stdout
    assert "Invalid or non-existent authentication information." in done.stdout
    assert not File.objects.exists()


def test_twine_prints_what_the_token_covers(job):
    job.world.create("another")
    done = twine(job, job.mint(), job.wheel("another"))
    assert "403" in done.stdout
    assert "It covers: sampleproject." in done.stdout


def test_twine_is_told_that_a_token_cannot_create_a_project_that_nobody_waits_for(job):
    done = twine(job, job.mint(), job.wheel("never-heard-of"))
    assert "Non-user identities cannot create new projects." in done.stdout


def test_twine_prints_that_a_file_exists_with_other_bytes(job):
    token = job.mint()
    assert twine(job, token, job.wheel()).returncode == 0
    other = job.wheel(extra={"sampleproject/more.py": b"more = 1\n"})
    refused = twine(job, token, other)
    assert refused.returncode != 0
    assert "File already exists" in refused.stdout


def test_pip_installs_with_hashes_what_was_published_a_moment_ago(job):
    wheel = job.wheel()
    assert twine(job, job.mint(), wheel).returncode == 0
    wanted = job.folder / "wanted.txt"
    wanted.write_text(f"sampleproject==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    target = job.folder / "installed"
    options = ["--no-cache-dir", "--index-url", index_of(job), "--cert", job.trust, "--target", target]
    done = job.run("pip", "install", *options, "--require-hashes", "-r", wanted)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (target / "sampleproject" / "__init__.py").read_text() == "answer = 42\n"


def test_uv_resolves_from_metadata_alone(job):
    assert twine(job, job.mint(), job.wheel()).returncode == 0
    job.server.mark()
    wanted = job.folder / "wanted.in"
    wanted.write_text("sampleproject\n")
    done = job.run("uv", "pip", "compile", "--no-cache", "--index-url", index_of(job), "--generate-hashes", wanted)
    assert done.returncode == 0, done.stderr
    assert "sampleproject==1.0" in done.stdout
    assert "--hash=sha256:" in done.stdout
    seen = job.server.news()
    assert ".whl.metadata" in seen
    assert "none-any.whl HTTP" not in seen


def test_a_single_use_token_stores_one_file(job):
    token = job.mint(features=["single-use-token"])
    wheel, sdist = job.wheel(), job.sdist()
    assert job.upload(wheel.read_bytes(), wheel.name, token).status_code == 200
    second = job.upload(sdist.read_bytes(), sdist.name, token)
    assert (second.status_code, second.reason) == (403, "Invalid or non-existent authentication information.")
    assert Release.objects.get().files.count() == 1


def test_a_version_tag_allows_only_its_version(job):
    job.world.publisher.values["version_tag"] = "v{version}"
    job.world.publisher.save()
    job.claims = {"ref": "refs/tags/v1.0"}
    token = job.post(
        "/_/oidc/mint-token",
        {"token": job.world.local.sign(job.world.local.github_claims(ref="refs/tags/v1.0"), aud=job.server.audience)},
    ).json()["token"]
    refused = job.upload(job.wheel(version="2.0").read_bytes(), "sampleproject-2.0-py3-none-any.whl", token)
    assert refused.status_code == 403
    assert "1.0" in refused.reason
    wheel = job.wheel()
    assert job.upload(wheel.read_bytes(), wheel.name, token).status_code == 200


def test_two_pending_publishers_for_one_name_give_one_project_and_the_other_is_told(job):
    from publishers.models import Publisher
    from registry.models import Event, User

    bob = User.objects.create_user("bob")
    first = job.world.add("brand-new")
    second = job.world.add("brand-new", added_by=bob, values={"environment": "bobs"})
    wheel = job.wheel("brand-new")
    assert job.upload(wheel.read_bytes(), wheel.name, job.mint()).status_code == 200
    assert list(Project.objects.get(normalized_name="brand-new").owners()) == [job.world.owner]
    assert Publisher.objects.filter(pk=first.pk, project__isnull=False).exists()
    assert not Publisher.objects.pending().filter(pk=second.pk).exists()
    assert Event.objects.filter(user=bob, tag="account:oidc:pending-publisher-invalidated").exists()


def test_no_token_is_in_the_servers_log_or_in_an_answer(job):
    identity, live, dead = job.token(), job.mint(), "gth_tp_" + "0" * 49
    wheel = job.wheel()
    answers = [
        job.post("/_/oidc/mint-token", {"token": identity}),
        job.post("/_/oidc/mint-token", {"token": identity}),
        job.post("/_/oidc/mint-token", {"token": identity[:-9]}),
        job.upload(wheel.read_bytes(), wheel.name, live),
        job.upload(wheel.read_bytes(), "another-1.0-py3-none-any.whl", live),
        job.upload(wheel.read_bytes(), wheel.name, dead),
        job.post("/_/oidc/burn-token", {"token": live}),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 422, 200, 400, 403, 202]
    told = job.server.log() + "".join(answer.text for answer in answers)
    for secret in (identity, identity.split(".")[1], live, dead):
        assert secret not in told
