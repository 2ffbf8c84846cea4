"""Projects, their releases and files, and the names that stay when they go."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F
from django.db.models.functions import Concat, Lower
from django.utils import timezone

from registry import names
from registry.models.people import Role, User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from registry.models.events import Event
    from registry.models.invitations import Invitation


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects, found by any spelling of their name."""

    def named(self, name: str) -> "ProjectQuerySet":
        """The project whose normal form is that of ``name`` (PEP 503)."""
        return self.filter(normalized_name=names.normalize(name))

    def uploadable_by(self, user: "User") -> "ProjectQuerySet":
        """The projects in which ``user`` has a role: owners and maintainers both upload."""
        return self.filter(roles__user=user)


class Project(models.Model):
    """A name under which releases are published."""

    class Status(models.TextChoices):
        """Status markers (PEP 792)."""

        ACTIVE = "active"
        ARCHIVED = "archived"
        QUARANTINED = "quarantined"
        DEPRECATED = "deprecated"

    name = models.CharField(max_length=names.MAX_NAME_LENGTH)
    normalized_name = models.CharField(max_length=names.MAX_NAME_LENGTH, editable=False)
    ultranormalized_name = models.CharField(max_length=names.MAX_NAME_LENGTH, editable=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    trusted_publishing_only = models.BooleanField(default=False, help_text="API tokens cannot upload to this project.")
    max_file_size = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="In bytes; the registry's MAX_FILE_SIZE when empty."
    )
    serial = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Grows with each change of the index page."
    )
    summary = models.CharField(max_length=512, blank=True, editable=False, help_text="The latest release's.")
    # What a search looks into (registry.pages.searching), in one case: half the time of comparing without case.
    search_text = models.GeneratedField(
        expression=Concat("normalized_name", models.Value(" "), Lower("summary")),
        output_field=models.TextField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    roles: "RelatedManager[Role]"
    releases: "RelatedManager[Release]"
    invitations: "RelatedManager[Invitation]"
    events: "RelatedManager[Event]"

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["normalized_name"]
        constraints = [
            models.UniqueConstraint(fields=["normalized_name"], name="one_project_per_normalized_name"),
            models.UniqueConstraint(fields=["ultranormalized_name"], name="no_two_projects_look_alike"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the normal forms in step with the name."""
        self.normalized_name = names.normalize(self.name)
        self.ultranormalized_name = names.ultranormalize(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Where people read about the project."""
        return f"/project/{self.normalized_name}/"

    def owners(self) -> models.QuerySet[User]:
        """The people who manage publishers, roles, tokens and settings."""
        return User.objects.filter(roles__project=self, roles__role=Role.Kind.OWNER)

    def lock(self) -> bool:
        """Wait, within a transaction, for others who change this project; False if it is gone."""
        return type(self).objects.select_for_update(no_key=True).filter(pk=self.pk).first() is not None

    def bump_serial(self) -> None:
        """Mark the index page as changed."""
        type(self).objects.filter(pk=self.pk).update(serial=F("serial") + 1)


class Release(models.Model):
    """A version of a project, with the core metadata of its first file."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    version = models.CharField(max_length=200, help_text="In the normal form of PEP 440.")
    metadata = models.JSONField(default=dict, help_text="Core metadata, as packaging.metadata reads it.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    yanked_at = models.DateTimeField(null=True, blank=True, help_text="PEP 592; empty: not yanked.")
    yanked_reason = models.CharField(max_length=500, blank=True)

    files: "RelatedManager[File]"

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="one_release_per_version")]

    def __str__(self) -> str:
        return f"{self.project.name} {self.version}"


class RenderedDescription(models.Model):
    """A release's description as HTML: to render one takes a process of its own. Made when it is first read."""

    release = models.OneToOneField(Release, models.CASCADE, primary_key=True, related_name="rendered_description")
    digest = models.CharField(max_length=64, help_text="Of the text, and of how it was rendered.")
    html = models.TextField(help_text="Empty: only the text itself can be shown.")

    def __str__(self) -> str:
        return f"Description of {self.release}"


class FileQuerySet(models.QuerySet["File"]):
    """Files of the index."""

    def listed(self, project: Project) -> "FileQuerySet":
        """The files that a project's index page shows, with their releases."""
        return self.filter(release__project=project).select_related("release").order_by("filename")


class File(models.Model):
    """A wheel or an sdist. Its bytes lie in the default storage under ``path``."""

    class PackageType(models.TextChoices):
        """As the upload API's ``filetype`` names them."""

        SDIST = "sdist"
        WHEEL = "bdist_wheel"

    release = models.ForeignKey(Release, models.CASCADE, related_name="files")
    filename = models.CharField(max_length=400)
    packagetype = models.CharField(max_length=16, choices=PackageType)
    python_version = models.CharField(max_length=200, help_text="The upload's pyversion.")
    requires_python = models.CharField(max_length=400, blank=True)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    blake2_256 = models.CharField(max_length=64)
    # For PyPI's JSON API, whose readers ask for it, and for nothing else. Files of before it was kept have none.
    md5 = models.CharField(max_length=32, blank=True, editable=False)
    comment = models.CharField(max_length=2000, blank=True, help_text="The upload's, as in twine's --comment.")
    metadata_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the wheel's METADATA (PEP 658); empty for an sdist."
    )
    # With a default of the database's own: while a new version starts, the old one still adds files.
    attested = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Whether there is a provenance document (PEP 740)."
    )
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = FileQuerySet.as_manager()

    class Meta:
        ordering = ["filename"]
        constraints = [models.UniqueConstraint(fields=["filename"], name="one_file_per_name")]
        indexes = [
            models.Index(fields=["sha256"], name="file_by_sha256"),
            models.Index(fields=["blake2_256"], name="file_by_blake2"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def path(self) -> str:
        """Where the bytes lie in the storage and below ``/files/``: under their SHA-256."""
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256[4:]}/{self.filename}"


class UsedFilename(models.Model):
    """A file name that was published once. It stays when the file goes: a name never returns with other bytes."""

    filename = models.CharField(max_length=400, primary_key=True)
    first_used_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.filename


class RetiredName(models.Model):
    """The name of a deleted project: free only for its last owners or an administrator."""

    normalized_name = models.CharField(max_length=names.MAX_NAME_LENGTH, primary_key=True)
    last_owners = models.ManyToManyField(User, blank=True)
    retired_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.normalized_name


class ProhibitedName(models.Model):
    """A name that administrators keep free; names that look alike are kept free with it."""

    name = models.CharField(max_length=names.MAX_NAME_LENGTH)
    ultranormalized_name = models.CharField(max_length=names.MAX_NAME_LENGTH, editable=False)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ultranormalized_name"], name="name_prohibited_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the comparable form in step with the name."""
        self.ultranormalized_name = names.ultranormalize(self.name)
        super().save(*args, **kwargs)
