"""The documented sample token of each preset's platform, without the registered claims, and who may publish by it.

Kubernetes: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ ("Schema for service account
private claims"). Forgejo: https://forgejo.org/docs/next/user/actions/security-openid-connect/ ("Token structure"), with
the ids that version 16 adds. Semaphore: https://docs.semaphore.io/reference/openid. Bitbucket: the example payload of a
repository's settings, "OpenID Connect". Jenkins: the plug-in's default claim templates.
"""

from dataclasses import dataclass, field
from typing import Any

from publishers.models import Issuer
from publishers.presets import PRESETS

CLAIMS: dict[str, dict[str, Any]] = {
    "kubernetes": {
        "sub": "system:serviceaccount:my-namespace:my-serviceaccount",
        "kubernetes.io": {
            "namespace": "my-namespace",
            "node": {"name": "my-node", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
            "pod": {"name": "my-pod", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
            "serviceaccount": {"name": "my-serviceaccount", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
        },
    },
    "forgejo": {
        "sub": "repo:user1/testing:ref:refs/tags/v1.0",
        "actor": "user1",
        "actor_id": "1",
        "base_ref": "",
        "event_name": "push",
        "head_ref": "",
        "ref": "refs/tags/v1.0",
        "ref_protected": "false",
        "ref_type": "tag",
        "repository": "user1/testing",
        "repository_id": "7",
        "repository_owner": "user1",
        "repository_owner_id": "1",
        "run_attempt": "1",
        "run_id": "43",
        "run_number": "43",
        "sha": "76cb2978acb72029ac23277a6192eea1707c6a2c",
        "workflow": "release.yml",
        "workflow_ref": "user1/testing/.forgejo/workflows/release.yml@refs/tags/v1.0",
    },
    "semaphore": {
        "sub": "org:acme:project:1e1fcfb5-09c0-487e-b051-2d0b5514c42a:repo:web:ref_type:tag:ref:refs/tags/v1.0.0",
        "sub127": "acme:1e1fcfb5-09c0-487e-b051-2d0b5514c42a:web:tg:tags/v1.0.0",
        "actor": "",
        "branch": "",
        "job_id": "c117e453-1189-4eaf-b03a-dd6538eb49b2",
        "job_type": "pipeline_job",
        "org": "acme",
        "org_id": "d7dd33ad-9317-498c-9cc6-51c250749be7",
        "ppl_id": "1e1fcfb5-09c0-487e-b051-2d0b5514c42b",
        "pr": "",
        "pr_branch": "",
        "prj": "docs",
        "prj_id": "1e1fcfb5-09c0-487e-b051-2d0b5514c42a",
        "ref": "refs/tags/v1.0.0",
        "ref_type": "tag",
        "repo": "web",
        "repo_slug": "acme/web",
        "tag": "v1.0.0",
        "trg": "h:f-i:f",
        "wf_id": "1be81412-6ab8-4fc0-9d0d-7af33335a6ec",
    },
    "bitbucket": {
        "sub": "{2e9e429c-7b8b-404f-8648-8c40c27c9ebd}:{3ec0f4a2-1b3b-4b42-8d4d-0a4d7ae8e8b7}:{759de0c6}",
        "stepUuid": "{759de0c6-eaee-4eaa-b7a6-c507eec759a7}",
        "deploymentEnvironmentUuid": "{3ec0f4a2-1b3b-4b42-8d4d-0a4d7ae8e8b7}",
        "repositoryUuid": "{2e9e429c-7b8b-404f-8648-8c40c27c9ebd}",
        "branchName": "main",
        "pipelineUuid": "{bd715740-c970-486b-b68a-b421ec2a1f8b}",
        "workspaceUuid": "{7baee083-4f25-4a97-8a9a-0fde1b623b45}",
    },
    "jenkins": {"sub": "https://jenkins.example.com/job/sampleproject/job/main/", "build_number": 123},
}
# What a publisher says of them.
FIELDS: dict[str, dict[str, Any]] = {
    "kubernetes": {
        "sub": "system:serviceaccount:my-namespace:my-serviceaccount",
        "claims": [{"claim": "/kubernetes.io/pod/name", "glob": "my-*"}],
    },
    "forgejo": {
        "repository": "user1/testing",
        "workflow": "release.yml",
        "claims": [{"claim": "ref", "glob": "refs/tags/v*"}, {"claim": "event_name", "equals": "push"}],
    },
    "semaphore": {
        "prj_id": "1e1fcfb5-09c0-487e-b051-2d0b5514c42a",
        "ref_type": "tag",
        "claims": [{"claim": "tag", "glob": "v*"}, {"claim": "job_type", "equals": "pipeline_job"}],
    },
    "bitbucket": {
        "repositoryUuid": "{2e9e429c-7b8b-404f-8648-8c40c27c9ebd}",
        "deploymentEnvironmentUuid": "{3ec0f4a2-1b3b-4b42-8d4d-0a4d7ae8e8b7}",
        "claims": [{"claim": "branchName", "equals": "main"}],
    },
    "jenkins": {"sub": "https://jenkins.example.com/job/sampleproject/job/main/"},
}
PINS: dict[str, dict[str, str]] = {
    "kubernetes": {"/kubernetes.io/serviceaccount/uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
    "forgejo": {"repository_owner_id": "1", "repository_id": "7"},
    "semaphore": {"org_id": "d7dd33ad-9317-498c-9cc6-51c250749be7"},
    "bitbucket": {"workspaceUuid": "{7baee083-4f25-4a97-8a9a-0fde1b623b45}"},
    "jenkins": {},
}


@dataclass(frozen=True)
class Sample:
    """A preset with its sample token."""

    name: str
    issuer: Issuer
    claims: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)


def sample_of(name: str) -> Sample:
    """What the preset's issuer would be, unsaved, with the token of a job there."""
    issuer = Issuer(url=f"https://{name}.example.com", **PRESETS[name].initial())
    return Sample(name, issuer, CLAIMS[name], FIELDS[name])
