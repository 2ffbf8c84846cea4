"""What to name at the generic provider for platforms whose tokens are known. Data only: nothing here is trusted.

Every claim was looked up in the platform's own documentation (``source``); ``page`` says what was not found there.
"""

from dataclasses import dataclass
from typing import Any

from publishers.models import Issuer
from publishers.providers.generic import Generic


@dataclass(frozen=True)
class Preset:
    """A platform, and what its issuer's row is to say."""

    name: str
    label: str
    url: str  # what the issuer's address looks like; capitals stand for what differs
    identity_claims: tuple[str, ...]
    source: str  # the platform's own page about its tokens' claims
    page: str  # ours: how a job gets a token and uploads with it, and who can publish
    pinned_claims: tuple[str, ...] = ()
    max_token_age: int = Generic.max_token_age
    reuse: str = Issuer.Reuse.ONCE.value
    audience: str = ""  # as the address: what the tokens' aud is if jobs cannot choose it
    advice: str = ""  # what an administrator must know before he trusts it, as sentences

    def initial(self) -> dict[str, Any]:
        """What the issuer's form begins with."""
        return {
            "provider": Generic.name,
            "name": self.label,
            "identity_claims": list(self.identity_claims),
            "pinned_claims": list(self.pinned_claims),
            "max_token_age": self.max_token_age,
            "reuse": self.reuse,
        }


_KNOWN = (
    Preset(
        name="kubernetes",
        label="Kubernetes",
        url="https://ISSUER: the API server's --service-account-issuer",
        identity_claims=("sub",),
        pinned_claims=("/kubernetes.io/serviceaccount/uid",),
        reuse=Issuer.Reuse.UNTIL_EXPIRY.value,
        source="https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
        page="docs/providers/kubernetes.md",
        advice="Where this registry cannot reach the cluster's discovery document, save the issuer and paste its key "
        "set on the page “Keys”. A cluster whose issuer is https://kubernetes.default.svc.cluster.local, as many have "
        "it, needs one of its own first.",
    ),
    Preset(
        name="forgejo",
        label="Forgejo Actions",
        url="https://HOST/api/actions",
        identity_claims=("repository", "workflow"),
        pinned_claims=("repository_owner_id", "repository_id"),
        source="https://forgejo.org/docs/next/user/actions/security-openid-connect/",
        page="docs/providers/forgejo.md",
        advice="Forgejo 15 does not put the two ids into its tokens: remove them from the pinned claims there. "
        "Publishers are then not protected against a reused name.",
    ),
    Preset(
        name="semaphore",
        label="Semaphore",
        url="https://ORGANIZATION.semaphoreci.com",
        identity_claims=("prj_id", "ref_type"),
        pinned_claims=("org_id",),
        max_token_age=86400,
        audience="https://ORGANIZATION.semaphoreci.com",
        source="https://docs.semaphore.io/reference/openid",
        page="docs/providers/semaphore.md",
        advice="Jobs cannot choose the audience: it is always the organization's address, and must be this issuer's "
        "audience here. Every service that one of its jobs hands a token to can then use that token here, and this "
        "registry's could use it there.",
    ),
    Preset(
        name="bitbucket",
        label="Bitbucket Pipelines",
        url="https://api.bitbucket.org/2.0/workspaces/WORKSPACE/pipelines-config/identity/oidc",
        # Tokens of steps that other services are shown lack the environment that only the publishing step has.
        identity_claims=("repositoryUuid", "deploymentEnvironmentUuid"),
        pinned_claims=("workspaceUuid",),
        audience="ari:cloud:bitbucket::workspace/UUID, without braces",
        source="https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/",
        page="docs/providers/bitbucket.md",
        advice="Every token names the workspace as its audience, whatever else a step asks for: the workspace must be "
        "this issuer's audience here. Let no step hand its token to another service in the deployment environment that "
        "publishes.",
    ),
    Preset(
        name="jenkins",
        label="Jenkins",
        url="https://HOST/oidc, or https://HOST/oidc/job/FOLDER for credentials of a folder",
        identity_claims=("sub",),
        source="https://plugins.jenkins.io/oidc-provider/",
        page="docs/providers/jenkins.md",
        advice="The plug-in OpenID Connect Provider must be newer than version 96: up to that one a job could say that "
        "it is another.",
    ),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _KNOWN}
