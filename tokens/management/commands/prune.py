"""``manage.py prune``."""

from typing import Any

from django.core.management.base import BaseCommand

from tokens.pruning import prune


class Command(BaseCommand):
    """Deletes what has outlived its retention, in batches, at any time."""

    help = "Delete what has outlived its retention: redemptions, dead tokens, unused exchanges, expired publishers."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print how much of what went."""
        for what, number in prune():
            self.stdout.write(f"{number} {what}")
