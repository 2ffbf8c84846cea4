"""Sessions in Django's table, with keys of Django's own form only."""

import re

from django.contrib.sessions.backends import db

_KEY = re.compile(r"[a-z0-9]{32}", re.ASCII)


class SessionStore(db.SessionStore):
    """A cookie may hold anything, NUL included, which PostgreSQL refuses with an error: such a key is no key."""

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None
