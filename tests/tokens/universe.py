"""A small universe of projects, publishers and jobs, in which everything meets everything before long."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.tokens.reference import Token, Trust

# Names of projects, the second of which looks like the fourth.
NAMES = ("alpha-one", "gamma-s1x", "beta-two", "gamma-six", "delta-ten")
STANDING = (NAMES[0], NAMES[2])  # from the start
USERS = ("alice", "bob")
URLS = ("https://one.example.com", "https://two.example.com")
SHARED = "acme/shared/.github/workflows/publish.yml"
OWNER_IDS = {"octo": "1", "acme": "2"}
REPOSITORY_IDS = {"tool": "10", "lib": "11"}
TRUSTED = {"owner": "octo", "repository": "tool", "workflow_filename": "release.yml"}

picked = st.integers(0, 7)
names = st.sampled_from(NAMES)
waited = st.sampled_from([*NAMES, NAMES[1], NAMES[3], NAMES[3], NAMES[4]])
wishes = st.sampled_from([*([None] * 14), *({name} for name in NAMES), {NAMES[0], NAMES[2]}, {NAMES[0], NAMES[3]}])
urls = st.sampled_from([*([URLS[0]] * 7), URLS[1]])
users = st.sampled_from(USERS)
versions = st.sampled_from(["1.0", "2.0"])
pinnings = st.sampled_from(["none", "none", "none", "owner", "both"])
identities = st.sampled_from(
    [
        *([TRUSTED] * 8),
        {**TRUSTED, "owner": "OCTO", "repository": "Tool"},
        {**TRUSTED, "owner": "OCTO", "repository": "Tool"},
        {**TRUSTED, "repository": "lib"},
        {**TRUSTED, "owner": "acme"},
        {**TRUSTED, "workflow_filename": "Release.yml"},
    ]
)
constraints = st.sampled_from(
    [
        *([{}] * 6),
        {"environment": "pypi"},
        {"environment": "PyPI", "event_names": ["push", "release"]},
        {"environment": "test", "ref": "refs/heads/*"},
        {"ref": "refs/heads/*"},
        {"ref": "refs/tags/v?.*"},
        {"ref": "refs/**"},
        {"version_tag": "v{version}"},
        {"version_tag": "v{version}", "environment": "pypi"},
        {"version_tag": "{version}-final"},
        {"event_names": ["push"], "protected_ref_only": True},
        {"protected_ref_only": True},
        {"reusable_workflow": f"{SHARED}@refs/tags/*"},
        {"reusable_workflow": f"ACME{SHARED[4:]}@refs/heads/**", "environment": "pypi"},
    ]
)
tokens = st.builds(
    Token,
    issuer=urls,
    owner=st.sampled_from(["octo", "Octo", "acme"]),
    repository=st.sampled_from(["tool", "tOOL", "lib"]),
    workflow=st.sampled_from(["release.yml", "release.yml", "Release.yml"]),
    ref=st.sampled_from(["refs/heads/main", "refs/tags/v1.0", "refs/tags/2.0-final", "refs/heads/a/b"]),
    event=st.sampled_from(["push", "push", "release", "workflow_run"]),
    environment=st.sampled_from([None, "pypi", "PYPI"]),
    protected=st.sampled_from(["true", "false"]),
    called=st.sampled_from([None, None, f"{SHARED}@refs/tags/v3"]),
)
# What a job says otherwise than the publisher wants, or than its repository is.
spoils: Any = st.sampled_from(
    [
        *([{}] * 20),
        {"environment": None},
        {"environment": "pypi"},
        {"ref": "refs/heads/a/b"},
        {"ref": "refs/tags/v1.0"},
        {"event": "release"},
        {"event": "workflow_run"},
        {"protected": "false"},
        {"workflow": "release.YML"},
        {"called": None},
        {"called": f"{SHARED}@refs/heads/x:y"},
        {"owner": "acme"},
        {"repository": "lib"},
        {"owner": "acme", "repository": "lib"},
        {"owner_id": "9", "repository_id": "99"},
        {"owner_id": "9"},
        {"repository_id": None},
    ]
)
jobs = st.tuples(picked, spoils, wishes, st.none() | versions)
# Publishers from the start, most of them at one place: of projects that stand, and of people who wait.
registered = st.lists(
    st.tuples(
        st.sampled_from([*([NAMES[0]] * 4), NAMES[2], *([NAMES[3]] * 4), NAMES[1], NAMES[4]]),
        urls,
        users,
        identities,
        constraints,
        pinnings,
    ),
    min_size=4,
    max_size=8,
)


def identified(token: Token) -> Token:
    """With the ids that a repository of these names has."""
    owner_id, repository_id = OWNER_IDS[token.owner.lower()], REPOSITORY_IDS[token.repository.lower()]
    return replace(token, owner_id=owner_id, repository_id=repository_id)


def trusted_job(trust: Trust) -> Token:
    """What a job says that meets all of a publisher's constraints, if any job can, and many another's too."""
    values = trust.values
    called = values.get("reusable_workflow", "").replace("@refs/tags/*", "@refs/tags/v3").replace("**", "main")
    token = identified(
        Token(
            issuer=trust.issuer,
            owner=values["owner"],
            repository=values["repository"],
            workflow=values["workflow_filename"],
            ref=_ref(values.get("version_tag"), values.get("ref")),
            event="push",
            environment=values.get("environment", "pypi"),
            protected="true",
            called=called or None,
        )
    )
    token.owner_id = trust.pins.get("repository_owner_id", token.owner_id)
    token.repository_id = trust.pins.get("repository_id", token.repository_id)
    return token


def _ref(version_tag: str | None, ref: str | None) -> str:
    if version_tag:
        return f"refs/tags/{version_tag.replace('{version}', '1.0')}"
    return {"refs/tags/v?.*": "refs/tags/v2.0", "refs/**": "refs/heads/a/b"}.get(str(ref), "refs/heads/main")


def ids(values: dict[str, str], which: str) -> dict[str, str]:
    """What the API says of the owner, or of both."""
    owner = {"repository_owner_id": OWNER_IDS[values["owner"].lower()]}
    repository = {"repository_id": REPOSITORY_IDS[values["repository"].lower()]}
    return {"none": {}, "owner": owner, "both": {**owner, **repository}}[which]
