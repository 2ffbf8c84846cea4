"""Projects, their people, releases and files, and the history of it all."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F
from django.utils import timezone

from registry import names
from registry.actors import Actor

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class User(AbstractUser):
    """A person. Mail addresses and their verification are django-allauth's ``EmailAddress``."""

    roles: "RelatedManager[Role]"


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
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    roles: "RelatedManager[Role]"
    releases: "RelatedManager[Release]"

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

    def bump_serial(self) -> None:
        """Mark the index page as changed."""
        type(self).objects.filter(pk=self.pk).update(serial=F("serial") + 1)


class Role(models.Model):
    """What a user may do in a project."""

    class Kind(models.TextChoices):
        """An owner manages; a maintainer uploads and reads."""

        OWNER = "owner"
        MAINTAINER = "maintainer"

    project = models.ForeignKey(Project, models.CASCADE, related_name="roles")
    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16, choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_per_user_and_project")]

    def __str__(self) -> str:
        return f"{self.user.username}, {self.role} of {self.project.name}"


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
    metadata_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the wheel's METADATA (PEP 658); empty for an sdist."
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


class Switch(models.Model):
    """Something that administrators have switched off in the whole registry; what has no row is on."""

    class What(models.TextChoices):
        """What can be off."""

        WRITING = "writing", "everything that writes"
        UPLOADS = "uploads", "uploads"
        NEW_PROJECTS = "new-projects", "new projects"
        SIGN_UPS = "sign-ups", "sign-ups"

    SENTENCES: ClassVar[dict[str, str]] = {
        What.WRITING: "This registry is read-only for the moment: nothing can be changed or uploaded.",
        What.UPLOADS: "Uploads are switched off in this registry for the moment.",
        What.NEW_PROJECTS: "New projects are switched off in this registry for the moment.",
        What.SIGN_UPS: "New accounts are switched off in this registry for the moment.",
    }

    what = models.CharField(max_length=32, choices=What)
    reason = models.CharField(max_length=200, blank=True, help_text="For the history, and for those who are refused.")
    since = models.DateTimeField(default=timezone.now, editable=False)
    by = models.CharField(max_length=255, blank=True, editable=False)

    class Meta:
        ordering = ["what"]
        verbose_name_plural = "switches"
        constraints = [models.UniqueConstraint(fields=["what"], name="one_switch_for_each_thing")]

    def __str__(self) -> str:
        return self.get_what_display()

    @property
    def sentence(self) -> str:
        """What people are told while it is off."""
        return self.SENTENCES[self.what]

    @classmethod
    def is_off(cls, what: str) -> models.Exists:
        """Whether that is off, as a part of a query that is asked anyway."""
        return models.Exists(cls._default_manager.filter(what=what))


class EventQuerySet(models.QuerySet["Event"]):
    """The audit history. Rows are added, never changed."""

    def record(
        self,
        tag: str,
        actor: Actor,
        *,
        project: Project | None = None,
        user: User | None = None,
        **details: Any,
    ) -> "Event":
        """Add one line to a project's or a user's history (or to the registry's own, with neither)."""
        event = Event.line(tag, actor, project=project, user=user, **details)
        event.save(force_insert=True)
        return event


class Event(models.Model):
    """One line of the audit history of a project or a user; tags are Warehouse's."""

    tag = models.CharField(max_length=100)
    time = models.DateTimeField(default=timezone.now, db_index=True)
    # The indexes below begin with project and user.
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="events", db_index=False)
    project_name = models.CharField(max_length=names.MAX_NAME_LENGTH, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="events", db_index=False)
    username = models.CharField(max_length=150, blank=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    actor_name = models.CharField(max_length=255, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-time", "-pk"]
        indexes = [
            models.Index(fields=["project", "-time"], name="event_by_project"),
            models.Index(fields=["user", "-time"], name="event_by_user"),
            # Names outlive what they speak of.
            models.Index(fields=["project_name", "-time"], name="event_by_project_name"),
            models.Index(fields=["username", "-time"], name="event_by_username"),
            models.Index(fields=["actor_name", "-time"], name="event_by_actor_name"),
            models.Index(fields=["address", "-time"], name="event_by_address"),
            models.Index(fields=["tag", "-time"], name="event_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.project_name or self.username}".strip()

    @classmethod
    def line(
        cls,
        tag: str,
        actor: Actor,
        *,
        project: Project | None = None,
        user: User | None = None,
        **details: Any,
    ) -> "Event":
        """An unsaved line. Names are copied, so that it outlives what it speaks of."""
        return cls(
            tag=tag,
            project=project,
            project_name=project.normalized_name if project else "",
            user=user,
            username=user.username if user else "",
            actor=actor.user,
            actor_name=actor.name[:255],
            address=actor.address,
            details=details,
        )
