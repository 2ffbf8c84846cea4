"""What administrators have switched off in the whole registry."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


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
