"""A release's description as HTML, kept in the database once it was rendered."""

import hashlib
import logging

from django.db import DatabaseError

from registry.descriptions import rendering
from registry.models import Release, RenderedDescription

logger = logging.getLogger(__name__)

# Below the page's title and the section's heading.
DEEPER = 2


def text_of(release: Release) -> str:
    """The description itself."""
    return str(release.metadata.get("description") or "").strip()


def html_of(release: Release) -> str:
    """The description as HTML that is safe on a page of ours; empty when its text is to be shown as it is."""
    text, content_type = text_of(release), str(release.metadata.get("description_content_type") or "")
    if not text:
        return ""
    digest = hashlib.sha256(f"{rendering.RENDERING}\n{content_type}\n{text}".encode()).hexdigest()
    kept = RenderedDescription.objects.filter(release=release).first()
    if kept is not None and kept.digest == digest:
        return kept.html
    try:
        html = rendering.rendered(text, content_type, deeper=DEEPER)
    except rendering.NotNow:
        return ""
    _keep(kept, RenderedDescription(release=release, digest=digest, html=html))
    return html


def _keep(old: RenderedDescription | None, made: RenderedDescription) -> None:
    """In one statement: this is part of somebody's first look at a page."""
    try:
        if old is None:
            made.save(force_insert=True)
        else:
            RenderedDescription.objects.filter(pk=old.pk).update(digest=made.digest, html=made.html)
    except DatabaseError:
        # Another reader kept it meanwhile, the release went, or the database takes no writes now: the page is shown.
        logger.warning("A rendered description was not kept", exc_info=True)
