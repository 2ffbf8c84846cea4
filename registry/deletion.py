"""What stays when a project goes: its name, for its last owners only."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from registry.models import Project, RetiredName


@receiver(pre_delete, sender=Project)
def retire_name(instance: Project, **_kwargs: Any) -> None:
    """Keep the name of a project that is being deleted for those who owned it."""
    retired, _ = RetiredName.objects.get_or_create(normalized_name=instance.normalized_name)
    retired.last_owners.set(instance.owners())
