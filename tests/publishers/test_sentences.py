"""What people are told when an exchange is refused, as a table: each says what happened, why, and what to change."""

import pytest

from publishers import matching, oidc, sentences
from publishers.errors import InvalidPayload
from publishers.models import Issuer, Publisher
from publishers.providers.fields import Check, Field
from tests.publishers.providers.test_github import CLAIMS, FIELDS, ISSUER, REUSABLE, TAG

CALLED = "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main"

# name, the publisher's fields, the token's claims, the sentence
UNMET = [
    (
        "another workflow",
        {"workflow_filename": "ci.yml"},
        {},
        (
            "This token comes from workflow file `release.yml` (claim `workflow_ref`). The publisher trusts `ci.yml`. "
            "Change “Workflow file” in the publisher, or publish from `ci.yml`."
        ),
    ),
    (
        "another environment",
        {"environment": "pypi"},
        {},
        (
            "This token comes from environment `prod` (claim `environment`). The publisher trusts `pypi`. "
            "Change “Environment” in the publisher, or give the job `environment: pypi`."
        ),
    ),
    (
        "no environment",
        {"environment": "pypi"},
        {"environment": None},
        (
            "This token names no environment (claim `environment`). The publisher trusts `pypi` only. "
            "Empty “Environment” in the publisher, or give the job `environment: pypi`."
        ),
    ),
    (
        "a reusable workflow that nobody expected",
        {},
        {"job_workflow_ref": REUSABLE},
        (
            f"The job's steps are those of the reusable workflow `{REUSABLE}` (claim `job_workflow_ref`). The "
            f"publisher "
            f"trusts steps of `{CALLED}` itself only. Name the reusable workflow in the publisher, or publish "
            f"from a job "
            "that has its own steps."
        ),
    ),
    (
        "another reusable workflow",
        {"reusable_workflow": "octo-org/shared/.github/workflows/publish.yml@refs/heads/*"},
        {"job_workflow_ref": REUSABLE},
        (
            f"The job's steps are those of `{REUSABLE}` (claim `job_workflow_ref`). The publisher trusts those of the "
            "reusable workflow `octo-org/shared/.github/workflows/publish.yml@refs/heads/*` only. Change it in the "
            "publisher, or call that one from the job."
        ),
    ),
    (
        "another ref",
        {"ref": "refs/tags/*"},
        {},
        (
            "This token comes from ref `refs/heads/main` (claim `ref`). The publisher trusts `refs/tags/*`. "
            "Change “Ref” in the publisher, or publish from one of that form."
        ),
    ),
    (
        "no tag",
        {"version_tag": "v{version}"},
        {},
        (
            "This token does not come from a tag (claim `ref`). The publisher trusts tags of the form "
            "`v{version}` only. "
            "Change “Version tag” in the publisher, or publish from such a tag."
        ),
    ),
    (
        "a tag of another form",
        {"version_tag": "release-{version}"},
        TAG,
        (
            "This token comes from `refs/tags/v1.2` (claim `ref`). The publisher trusts tags of the form "
            "`release-{version}` only. Change “Version tag” in the publisher, or publish from such a tag."
        ),
    ),
    (
        "another event",
        {"event_names": ["push", "release"]},
        {},
        (
            "This token comes from `workflow_dispatch` (claim `event_name`). The publisher trusts `push` or `release`. "
            "Add it to “Events” in the publisher, or publish from `push` or `release`."
        ),
    ),
    (
        "an unprotected ref",
        {"protected_ref_only": True},
        {"ref_protected": "false"},
        (
            "The publisher has “Protected refs only” set and wants `ref_protected` to be `true`; the token says "
            "`false`. "
            "Unset “Protected refs only” in the publisher, or publish from a job of which that is true."
        ),
    ),
    (
        "a token that does not say what a flag asks",
        {"hosted_runner_only": True},
        {"runner_environment": None},
        (
            "The publisher has “GitHub-hosted runners only” set and wants `runner_environment` to be "
            "`github-hosted`; the "
            "token has none. Unset “GitHub-hosted runners only” in the publisher, or publish from a job of "
            "which that is "
            "true."
        ),
    ),
]


def failed(values, claims):
    issuer = Issuer(url=ISSUER, provider="github")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values})
    publisher.project_id = 1
    match = matching.hold(publisher, issuer.kind.read({**CLAIMS, **claims}))
    return [check for check in match.checks if not check.ok]


@pytest.mark.parametrize(("values", "claims", "sentence"), [row[1:] for row in UNMET], ids=[row[0] for row in UNMET])
def test_a_claim_that_differs_says_what_to_change(values, claims, sentence):
    (check,) = failed(values, claims)
    assert sentences.unmet(check) == sentence


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run"])
def test_an_event_that_others_can_start_says_which_one_to_use(event):
    kind = Issuer(url=ISSUER, provider="github").kind
    assert kind.forbid(kind.read({**CLAIMS, "event_name": event})) == (
        f"Publishing from a workflow that the event `{event}` started is not supported, because others can start it "
        "with their own code. Publish from another event, such as `release` or `push` or `workflow_dispatch`."
    )


# what is said, what must be in it
SAID = [
    (sentences.nobody_trusts("o/r", ISSUER), ["o/r", ISSUER, "Add a publisher"]),
    (sentences.these_do_not_trust(["a", "b"], "o/r", ISSUER), ["No publisher of a, b trusts o/r", "Add one"]),
    (sentences.replaced("o/r", None, "repository_id"), ["`repository_id` is not the registered id", "adds it anew"]),
    (sentences.unsaid("o/r", "a", "pipeline_id"), ["of a trusts o/r", "no claim `pipeline_id`", "Let the job ask"]),
    (sentences.transferred("o/r", None, "repository_owner_id"), ["not the registered id", "adds one for o/r anew"]),
    (sentences.renamed("a", was="o/r", now="o/s"), ["trusts o/r, which is called o/s now", "accepts the new name"]),
    (sentences.wrong_audience("here", "`pypi`"), ["expected `here`, got `pypi`", "with the audience `here`"]),
    (sentences.no_audience("here"), ["no claim `aud`", "with the audience `here`"]),
    (sentences.expired(), ["has expired", "a new one"]),
    (sentences.used_before(), ["used before", "a new one"]),
    (sentences.no_token(), ["`token`", "id-token: write"]),
    (
        sentences.unmet(Check("email_verified", "true", "false", ok=False)),
        ["expects `email_verified` to be `true`; the token says `false`"],
    ),
    (
        sentences.unmet(Check("x", "a", "b", ok=False, about=Field("x", "VCS origin"))),
        ["comes from VCS origin `b`", "publish from `a`"],
    ),
]


@pytest.mark.parametrize(("said", "words"), SAID, ids=range(len(SAID)))
def test_a_sentence_says_what_happened_and_what_to_do(said, words):
    assert said.endswith(".")
    assert all(word in said for word in words), said


def test_a_long_value_is_cut():
    assert len(sentences.shown("x" * 1000)) < 210


@pytest.mark.parametrize(
    ("text", "word"),
    [("ghs_abcdefghijklmnopqrstuvwxyz", "id-token: write"), ("glcbt-64_abcdefg", "id_tokens:")],
)
def test_another_credential_of_the_job_is_recognised_and_not_repeated(text, word):
    with pytest.raises(InvalidPayload) as refused:
        oidc.peek(text)
    assert word in refused.value.description
    assert "not an identity token" in refused.value.description
    assert text not in refused.value.description


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["", "https://"])
def test_the_runners_own_token_is_told_from_an_identity_token(scheme):
    with pytest.raises(InvalidPayload, match=r"unknown trusted publishing issuer: .* `permissions: id-token: write`"):
        Issuer.objects.trusted(f"{scheme}vstoken.actions.githubusercontent.com")
