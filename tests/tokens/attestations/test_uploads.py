"""Uploads with attestations (PEP 740): which are taken, and what is then kept and served."""

import hashlib
import json

import pytest
from pypi_attestations import GitHubPublisher, Provenance

from publishers.models import Publisher
from registry.models import Event, File, Project
from tests.registry.uploads import making
from tests.sigstore.instance import SLSA, gitlab, google
from tests.tokens.attestations.conftest import WHEEL
from tokens.models import Attested

ADDRESS = f"/integrity/sampleproject/1.0/{WHEEL}/provenance"


def test_what_is_taken_is_served(desk):
    attestation = desk.attest()
    assert desk.upload([attestation]).status_code == 200
    assert File.objects.get().attested
    document = desk.client.get(ADDRESS).json()
    assert document == {
        "version": 1,
        "attestation_bundles": [
            {
                "publisher": {
                    "kind": "GitHub",
                    "repository": "octo-org/sampleproject",
                    "workflow": "release.yml",
                    "environment": None,
                    "claims": None,
                },
                "attestations": [attestation],
            }
        ],
    }
    # As a consumer reads it.
    provenance = Provenance.model_validate(document)
    assert provenance.attestation_bundles[0].publisher == GitHubPublisher(
        repository="octo-org/sampleproject", workflow="release.yml"
    )


def test_one_of_each_kind_is_taken(desk):
    both = [desk.attest(), desk.attest(kind=SLSA)]
    assert desk.upload(both).status_code == 200
    assert Attested.objects.get().document["attestation_bundles"][0]["attestations"] == both


def test_the_first_upload_of_a_pending_publisher_may_be_attested(desk):
    desk.world.add("brand-new")
    name = "brand_new-1.0-py3-none-any.whl"
    desk.content = making.wheel("brand-new")
    attestation = desk.attest(filename=name)
    form = making.form(desk.content, name, attestations=json.dumps([attestation]))
    assert making.upload(desk.client, desk.token(), form).status_code == 200
    assert Project.objects.named("brand-new").get().releases.get().files.get().attested
    assert desk.client.get(f"/integrity/brand-new/1.0/{name}/provenance").status_code == 200


def test_names_are_compared_as_they_are_read(desk):
    # Builders have written names and versions in several ways.
    assert desk.upload([desk.attest(filename="Sampleproject-1.0.0-py3-none-any.whl")]).status_code == 200


def test_the_case_of_a_repository_is_githubs(desk):
    other = desk.world.publisher
    other.values = {**other.values, "owner": "OCTO-org"}
    other.save()
    assert desk.upload([desk.attest()]).status_code == 200
    publisher = Attested.objects.get().document["attestation_bundles"][0]["publisher"]
    assert publisher["repository"] == "octo-org/sampleproject"


def test_the_environment_is_told(desk):
    desk.world.publisher.values["environment"] = "release"
    desk.world.publisher.save()
    token = desk.token(environment="release")
    assert desk.upload([desk.attest()], token).status_code == 200
    publisher = Attested.objects.get().document["attestation_bundles"][0]["publisher"]
    assert publisher["environment"] == "release"


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_field_is_no_attestation(desk, text):
    assert desk.upload(text).status_code == 200
    assert not File.objects.get().attested
    assert not Attested.objects.exists()


def test_the_same_file_again_adds_and_loses_nothing(desk):
    first, second = desk.attest(), desk.attest()
    assert desk.upload([first]).status_code == 200
    for again in ([second], [second, desk.attest(kind=SLSA)], "", "nonsense"):
        assert desk.upload(again).status_code == 200
    assert desk.client.get(ADDRESS).json()["attestation_bundles"][0]["attestations"] == [first]
    assert Event.objects.filter(tag="file:add").count() == 1


def test_attestations_do_not_come_later(desk):
    assert desk.upload("").status_code == 200
    assert desk.upload([desk.attest()]).status_code == 200
    assert not File.objects.get().attested
    assert desk.client.get(ADDRESS).status_code == 404


def gitlab_publisher(desk, url):
    Publisher.objects.all().delete()
    desk.world.issuer.provider = "gitlab"
    desk.world.issuer.save()
    desk.at(url)
    values = {"namespace": "acme/tools", "project": "sampleproject", "workflow_filepath": ".gitlab-ci.yml"}
    Publisher.objects.create(
        issuer=desk.world.issuer, project=desk.world.project, values=values, added_by=desk.world.owner
    )
    host = url.removeprefix("https://")
    return desk.token(
        sub="project_path:acme/tools/sampleproject:ref_type:branch:ref:main",
        project_path="acme/tools/sampleproject",
        namespace_id="72",
        project_id="20",
        ci_config_ref_uri=f"{host}/acme/tools/sampleproject//.gitlab-ci.yml@refs/heads/main",
        ref_path="refs/heads/main",
        ref_type="branch",
        ref_protected="true",
    )


def test_gitlab_is_taken(desk):
    token = gitlab_publisher(desk, "https://gitlab.com")
    assert desk.upload([desk.attest(workload=gitlab())], token).status_code == 200
    assert Attested.objects.get().document["attestation_bundles"][0]["publisher"] == {
        "kind": "GitLab",
        "repository": "acme/tools/sampleproject",
        "workflow_filepath": ".gitlab-ci.yml",
        "environment": None,
        "claims": None,
    }


def test_a_gitlab_of_ones_own_is_not_certified_by_sigstore(desk):
    token = gitlab_publisher(desk, "https://gitlab.example.com")
    said = desk.refusal([desk.attest(workload=gitlab())], token)
    assert "Those of GitLab CI/CD at https://gitlab.example.com cannot be verified" in said
    assert "uv publish --no-attestations" in said
    assert desk.upload("", token).status_code == 200


def test_google_is_taken(desk):
    Publisher.objects.all().delete()
    desk.world.issuer.provider = "google"
    desk.world.issuer.reuse = "until-expiry"
    desk.world.issuer.save()
    desk.at("https://accounts.google.com")
    email = "publisher@acme.iam.gserviceaccount.com"
    Publisher.objects.create(
        issuer=desk.world.issuer, project=desk.world.project, values={"email": email}, added_by=desk.world.owner
    )
    token = desk.token(email=email, email_verified=True, sub="1234567890")
    assert desk.upload([desk.attest(workload=google())], token).status_code == 200
    published = Attested.objects.get().document["attestation_bundles"][0]["publisher"]
    assert published == {"kind": "Google", "email": email, "claims": None}


def test_an_api_token_brings_none(desk):
    token = making.api_token(desk.world.owner)
    said = desk.refusal([desk.attest()], token)
    assert said.startswith("Attestations are only taken with trusted publishing, not with an API token.")
    assert "twine upload without --attestations" in said
    assert desk.upload("", token).status_code == 200


def test_nobody_looks_at_them_before_the_token(desk, monkeypatch):
    from tokens.attestations import accepting

    monkeypatch.setattr(accepting, "provenance_of", None)
    assert desk.upload([desk.attest()], "gth_tp_" + "0" * 49).status_code == 403
    other = making.wheel("another")
    desk.world.create("another")
    form = making.form(other, "another-1.0-py3-none-any.whl", attestations=json.dumps([desk.attest()]))
    assert making.upload(desk.client, desk.token(), form).status_code == 403
    assert not File.objects.exists()


def test_what_goes_away_with_the_file(desk):
    from registry.deletion import delete_file

    assert desk.upload([desk.attest()]).status_code == 200
    delete_file(File.objects.get(), making.somebody())
    assert desk.client.get(ADDRESS).status_code == 404
    # A record stays, as all of them do.
    kept = Attested.objects.get()
    assert kept.provenance.file is None
    assert kept.provenance.sha256 == hashlib.sha256(desk.content).hexdigest()


def test_what_goes_away_with_the_project(desk):
    from registry.deletion import delete_project

    assert desk.upload([desk.attest()]).status_code == 200
    delete_project(desk.world.project, making.somebody())
    assert desk.client.get(ADDRESS).status_code == 404
    assert Attested.objects.count() == 1
