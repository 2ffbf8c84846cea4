"""Templates without the indentation that makes them readable: it would be a third of what long lists weigh."""

import re
from collections.abc import Sequence

from django.template import Engine, Origin
from django.template.loaders import cached, filesystem

# What stands between these tags is shown, or sent, as it is written.
_AS_WRITTEN = re.compile(r"(<(pre|textarea|script|style)\b.*?</\2>)", re.DOTALL | re.IGNORECASE)
LOADERS = ("registry.pages.lean.Loader", "django.template.loaders.app_directories.Loader")
_INDENTATION = re.compile(r"\n[ \t]+")


class Loader(filesystem.Loader):
    """Load the project's own pages; texts, of which each space counts, are left as they are."""

    def get_contents(self, origin: Origin) -> str:
        """The template, each line from its first letter on. Raises TemplateDoesNotExist."""
        text = super().get_contents(origin)
        return lean(text) if origin.name.endswith(".html") else text


class Templates(cached.Loader):
    """These first, then those of the packages as they are; each is read once."""

    def __init__(self, engine: Engine, loaders: Sequence[str] = LOADERS) -> None:
        super().__init__(engine, loaders)


def lean(text: str) -> str:
    """Lines without their indentation, as many as before, so that an error still names the right one.

    Space between words stays: what ends a line stays, and within ``<pre>`` and the like nothing changes.
    """
    parts = _AS_WRITTEN.split(text)
    # Of each match two groups: what stays, and the tag's name.
    return "".join(
        part if number % 3 == 1 else _INDENTATION.sub("\n", part)
        for number, part in enumerate(parts)
        if number % 3 != 2
    )
