"""The process that renders: ``python -m registry.descriptions.child``, JSON on its input, HTML on its output.

Texts come from strangers, and the renderers are slow, or worse, with some of them: here that ends this process and
nothing else. Status 3: there is nothing to show but the text itself.
"""

import json
import resource
import sys
from email.message import Message

from registry.descriptions import cleaning

CPU_SECONDS = 3
MEMORY = 512 * 1024 * 1024
MAX_HTML = 2 * 1024 * 1024
AS_TEXT = 3


def main() -> int:
    """Render what the input holds: ``text``, ``content_type``, ``deeper``, ``own``."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked = json.load(sys.stdin)
    html = _rendered(asked["text"], asked["content_type"])
    if not html or len(html) > MAX_HTML:
        return AS_TEXT
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(cleaning.fitted(html, deeper=asked["deeper"], own=asked["own"]))
    return 0


def _rendered(text: str, content_type: str) -> str | None:
    """Without a content type it is reStructuredText, if that can be read (core metadata's specification)."""
    kind, variant = _parsed(content_type)
    if kind == "text/markdown":
        from readme_renderer import markdown

        return markdown.render(text, variant=variant)
    if kind in {"", "text/x-rst"}:
        from readme_renderer import rst

        return rst.render(text)
    return None


def _parsed(content_type: str) -> tuple[str, str]:
    if not content_type:
        return "", ""
    message = Message()
    message["Content-Type"] = content_type
    variant = message.get_param("variant", "GFM")
    return message.get_content_type(), "CommonMark" if variant == "CommonMark" else "GFM"


if __name__ == "__main__":
    sys.exit(main())
