"""When publishers, and issuers' keys, were last used: what the floor above knows (PUBLISHER_USES, KEY_USES).

Neither is written down with an exchange: by the hour, once it is over, and asked for before that.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

from publishers.models import Issuer, Publisher
from registry.models import Project


@dataclass(frozen=True)
class Use:
    """A granted exchange."""

    at: datetime.datetime
    run: str  # the address of the run, if it is known and the project may see it


Moment = datetime.datetime
LastUses = Callable[[Project, Sequence[Publisher]], Mapping[int, Use]]
KeyUses = Callable[[Issuer], Mapping[str, Moment]]


def last_uses(project: Project, publishers: Sequence[Publisher]) -> Mapping[int, Use]:
    """The last use of each of a project's publishers that was ever used, by its key."""
    ask: LastUses = import_string(settings.PUBLISHER_USES)
    return ask(project, publishers)


def key_uses(issuer: Issuer) -> dict[str, Moment]:
    """When a token that each key signed was last verified, by key id, for keys of which some was."""
    ask: KeyUses = import_string(settings.KEY_USES)
    return _newest(_noted(issuer), ask(issuer))


def note_key_uses(issuer_id: int, seen: Mapping[str, Moment]) -> None:
    """Write down uses of an issuer's keys; of keys that are gone nothing is kept."""
    with transaction.atomic():
        rows = Issuer.objects.select_for_update(no_key=True).only("keys", "key_uses")
        issuer = rows.filter(pk=issuer_id).first()
        if issuer is None:
            return
        uses = _newest(_noted(issuer), seen)
        kept = {key_id: moment.isoformat() for key_id, moment in uses.items() if key_id in issuer.keys}
        if kept != issuer.key_uses:
            Issuer.objects.filter(pk=issuer_id).update(key_uses=kept)


def _noted(issuer: Issuer) -> dict[str, Moment]:
    parsed = {key_id: parse_datetime(text) for key_id, text in issuer.key_uses.items()}
    return {key_id: moment for key_id, moment in parsed.items() if moment is not None}


def _newest(one: Mapping[str, Moment], other: Mapping[str, Moment]) -> dict[str, Moment]:
    return {key: max(uses[key] for uses in (one, other) if key in uses) for key in {*one, *other}}
