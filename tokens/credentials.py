"""What a token opens, as the upload and the index ask for it (``registry.uploads.credentials``)."""

from functools import cached_property
from typing import Any

from django.conf import settings
from packaging.version import InvalidVersion, Version

from publishers import pending
from publishers.models import Publisher
from registry.actors import Actor
from registry.creation import check_name
from registry.models import Project, ProjectQuerySet, User
from registry.names import normalize
from registry.uploads.errors import InvalidCredentials, NotAllowed, UploadRefused
from tokens.attestations import accepting
from tokens.models import ApiToken, UploadToken


class UploadTokenCredential:
    """An upload token: it opens ``/legacy/`` for the projects of its grants, and nothing else."""

    def __init__(self, token: UploadToken, name: str = "") -> None:
        self.token = token
        self.name = normalize(name)  # of the project that is being uploaded to, once that is known

    @property
    def is_live(self) -> bool:
        """Whether it still opens something: it dies per project, and is dead when none is left or OIDC is off."""
        return settings.OIDC_ENABLED and self.token.is_live() and bool(self.publishers)

    @cached_property
    def publishers(self) -> dict[str, Publisher]:
        """The credited publishers by project, without those that were removed, switched off, expired or edited."""
        grants = {grant["publisher"]: grant for grant in self.token.grants}
        standing = Publisher.objects.filter(pk__in=grants).at_trusted_issuers()
        return {
            grants[publisher.pk]["project"]: publisher
            for publisher in standing.select_related("issuer", "project", "added_by")
            if publisher.generation == grants[publisher.pk]["generation"] and publisher.why_dead() is None
        }

    def locked(self, name: str) -> "UploadTokenCredential":
        """The same token, and the publisher that it credits for ``name``, read anew under row locks.

        Raises InvalidCredentials when the token has died meanwhile, and NameRefused when it waited for a name that
        somebody else's first upload has taken meanwhile.
        """
        token = UploadToken.objects.select_for_update(no_key=True).filter(pk=self.token.pk).first()
        fresh = UploadTokenCredential(token, name) if token is not None else None
        if fresh is not None:
            # Read for their locks alone; what they say is read after that, by ``publishers``.
            pending.lock(name, fresh._granted(fresh.name))
            if self._waits_for(name) and fresh.name not in fresh.publishers:
                check_name(name)
        if fresh is None or not fresh.is_live:
            raise InvalidCredentials
        return fresh

    def check_upload(self, project: Project, version: str) -> None:
        """Raise NotAllowed unless it covers the project, and the version where the publisher names one.

        Raises NameRefused when it waited for a name that somebody else's first upload has taken meanwhile.
        """
        if self._waits_for(project.normalized_name):
            del self.publishers  # the project has appeared since they were read: through this token, or to its cost
            if project.normalized_name not in self.publishers:
                check_name(project.name)
        publisher = self.publishers.get(project.normalized_name)
        if publisher is None or publisher.project_id != project.pk:
            covered = ", ".join(sorted(self.publishers))
            raise NotAllowed(f"This upload token does not cover project '{project.name}'. It covers: {covered}.")
        self._check_version(project.normalized_name, version)

    def owners_of_new(self, name: str, version: str) -> list[User]:
        """The user who waits for ``name`` with the credited pending publisher."""
        publisher = self.publishers.get(normalize(name))
        user = publisher.added_by if publisher is not None and publisher.is_pending else None
        if user is None or not user.is_active:
            raise UploadRefused(
                "Non-user identities cannot create new projects. This was probably caused by publishing under another "
                f"name than the pending publisher's, or by a project '{name}' that does not exist."
            )
        self._check_version(normalize(name), version)
        return [user]

    def attested(self, name: str, filename: str, sha256: str, unverified_attestations: str) -> dict[str, Any]:
        """The provenance document of a file whose attestations the credited publisher has made."""
        publisher = self.publishers.get(normalize(name))
        if publisher is None:
            raise InvalidCredentials
        exchange = self.token.exchange
        return accepting.provenance_of(filename, sha256, publisher, exchange, unverified_attestations)

    def actor(self, address: str | None) -> Actor:
        """The credited publisher in words."""
        publisher = self.publishers.get(self.name)
        return Actor(str(publisher) if publisher else "upload token", address=address)

    def credited_publisher_id(self, name: str) -> int | None:
        """The publisher through which it may publish ``name`` (normal form)."""
        publisher = self.publishers.get(name)
        return publisher.pk if publisher else None

    def opens(self, scope: str) -> bool:
        """Nothing but uploads."""
        return scope == ApiToken.Scope.UPLOAD

    def may_download(self, project: Project) -> bool:
        """Never."""
        return False

    def _waits_for(self, name: str) -> bool:
        publisher = self.publishers.get(normalize(name))
        return publisher is not None and publisher.is_pending

    def _granted(self, name: str) -> list[int]:
        return [grant["publisher"] for grant in self.token.grants if grant["project"] == name]

    def _check_version(self, name: str, version: str) -> None:
        only = next((grant["version"] for grant in self.token.grants if grant["project"] == name), None)
        if only is not None and not _same_version(only, version):
            raise NotAllowed(f"The tag of this run is for version {only} of '{name}', not for {version}.")


class ApiTokenCredential:
    """A person's API token, with its scopes and, if it is limited, its projects."""

    def __init__(self, token: ApiToken) -> None:
        self.token = token

    @property
    def is_live(self) -> bool:
        """Whether it opens anything."""
        return self.token.is_live()

    def locked(self, name: str) -> "ApiTokenCredential":
        """The same token read anew under a row lock. Raises InvalidCredentials when it has died meanwhile."""
        token = ApiToken.objects.select_for_update(no_key=True).filter(pk=self.token.pk).first()
        if token is None or not token.is_live():
            raise InvalidCredentials
        return ApiTokenCredential(token)

    def check_upload(self, project: Project, version: str) -> None:
        """Raise NotAllowed unless its user has a role in the project and the token's scope covers it."""
        if not self.opens(ApiToken.Scope.UPLOAD):
            raise NotAllowed("This API token has no scope 'upload'.")
        if not self._covers(project):
            raise NotAllowed(f"This API token is limited to other projects than '{project.name}'.")
        if not project.roles.filter(user=self.token.user).exists():
            raise NotAllowed(f"The user '{self.token.username}' isn't allowed to upload to project '{project.name}'.")
        if project.trusted_publishing_only:
            raise NotAllowed(f"Project '{project.name}' accepts uploads by trusted publishing only, not by API token.")

    def owners_of_new(self, name: str, version: str) -> list[User]:
        """The token's user, if its scope ``upload`` is not limited to projects."""
        if not self.opens(ApiToken.Scope.UPLOAD):
            raise NotAllowed("This API token has no scope 'upload'.")
        if self.token.limited or self.token.user is None:
            raise NotAllowed(f"This API token is limited to other projects than '{name}'.")
        return [self.token.user]

    def attested(self, name: str, filename: str, sha256: str, unverified_attestations: str) -> dict[str, Any]:
        """None: no publisher made the file, as far as anybody knows."""
        raise accepting.refuse_api_token()

    def actor(self, address: str | None) -> Actor:
        """The person."""
        return Actor(self.token.username, self.token.user, address)

    def opens(self, scope: str) -> bool:
        """Whether the token has that scope."""
        return scope in self.token.scopes

    def may_download(self, project: Project) -> bool:
        """Whether it may read the project's files: one of its projects, as long as its user has a role there."""
        return self.opens(ApiToken.Scope.DOWNLOAD) and (not self.token.limited or project.pk in self._readable_ids)

    @property
    def limited(self) -> bool:
        """Whether it is for some projects only."""
        return self.token.limited

    def among(self, projects: ProjectQuerySet) -> ProjectQuerySet:
        """Those of ``projects`` that it is not limited from."""
        return projects.filter(pk__in=self.token.projects.all()) if self.token.limited else projects

    def _covers(self, project: Project) -> bool:
        return not self.token.limited or project.pk in self._project_ids

    @cached_property
    def _project_ids(self) -> frozenset[int]:
        """Those it is limited to."""
        return frozenset(self.token.projects.values_list("pk", flat=True))

    @cached_property
    def _readable_ids(self) -> frozenset[int]:
        """Those of them in which its user has a role still, read once: the index asks about every project."""
        return frozenset(self.token.projects.filter(roles__user=self.token.user).values_list("pk", flat=True))


def _same_version(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


Credential = UploadTokenCredential | ApiTokenCredential
