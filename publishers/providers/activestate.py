"""The ActiveState Platform.

No documentation of the claims by ActiveState itself was found. They are those of the code that ActiveState contributed
to PyPI: https://github.com/pypi/warehouse/pull/13980 and https://github.com/pypi/warehouse/pull/15204.
"""

from collections.abc import Mapping
from typing import Any

from publishers.errors import InvalidToken
from publishers.pasted import Address
from publishers.providers.base import Provider
from publishers.providers.claims import Claims, text_claim
from publishers.providers.fields import Field, Pin, Reading, Workload

# The builder that publishes; others of the same project get tokens too.
BUILDER = "pypi-publisher"

_NAME = r"[^\s/:]+"


class ActiveState(Provider):
    """A project of an organization, whose build a certain person starts."""

    name = "activestate"
    label = "ActiveState"
    default_issuer = "https://platform.activestate.com/api/v1/oauth/oidc"
    place_label = "Project"
    trusts = "any build of {organization}/{project} that {actor} starts"
    fields = (
        Field(
            "organization",
            "Organization",
            hint="As the project's address has it: platform.activestate.com/ORGANIZATION/PROJECT.",
            pattern=_NAME,
            problem="Write the organization's name as it is in the project's address, without '/'.",
        ),
        Field(
            "project",
            "Project",
            hint="As the project's address has it: platform.activestate.com/ORGANIZATION/PROJECT.",
            pattern=_NAME,
            problem="Write the project's name as it is in its address, without '/'.",
        ),
        Workload(
            "actor",
            "Actor",
            hint="The user name of the person who starts the build.",
            pattern=_NAME,
            problem="Write the person's user name on the ActiveState Platform.",
            fix="let `{expected}` start the build",
        ),
    )
    pins = (Pin("actor_id", "Actor id"),)

    def read(self, claims: Claims) -> Reading:
        """``sub`` says organization and project once more: ``org:ORGANIZATION:project:PROJECT``."""
        organization, project = text_claim(claims, "organization"), text_claim(claims, "project")
        _check_subject(text_claim(claims, "sub"), f"org:{organization}:project:{project}")
        return {
            "organization": organization,
            "project": project,
            "actor": text_claim(claims, "actor"),
            "actor_id": text_claim(claims, "actor_id"),
            "builder": text_claim(claims, "builder"),
        }

    def forbid(self, reading: Reading) -> str | None:
        """Builders that do something else than publish."""
        if reading["builder"] == BUILDER:
            return None
        return (
            f"The claim `builder` is `{reading['builder']}`, not `{BUILDER}`. Publish by the build script's "
            "`pypi_publisher`."
        )

    @property
    def site(self) -> str:
        """There is one."""
        return "platform.activestate.com" if self.issuer_url == self.default_issuer else ""

    def from_address(self, address: Address) -> dict[str, str] | None:
        """``platform.activestate.com/ORGANIZATION/PROJECT``."""
        organization, project, *_ = (*address.below(self.site), "", "")
        if not project:
            return None
        return {"organization": organization, "project": project}

    def describe(self, values: Mapping[str, Any]) -> str:
        """``acme-org/sampleproject · by alice``."""
        return f"{self.place(values)} · by {values['actor']}"

    def addresses(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The project on the platform."""
        return (f"https://platform.activestate.com/{self.place(values)}",)


def _check_subject(subject: str, expected: str) -> None:
    if subject != expected and not subject.startswith(f"{expected}:"):
        raise InvalidToken(
            f"The claim `sub` ({subject}) does not agree with the claims `organization` and `project`: it must be "
            f"{expected}."
        )
