"""What administrators paste: a token, a hash, a commit, a run, a repository, …, and everything here that it means."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.template.defaultfilters import pluralize
from django.views.decorators.debug import sensitive_variables

from publishers.models import Publisher
from publishers.places import known_identities
from registry import names
from registry.admin import searching
from registry.models import Event, File, Project, User
from registry.postgresql import planning
from tokens import inspecting, secrets
from tokens.credentials import UploadTokenCredential
from tokens.inspecting import Explained
from tokens.models import ApiToken, Exchange, Provenance, UploadToken

MAX_TEXT = 64 * 1024
# So many of each kind are shown.
MOST = 20
# Of the publishers that trust a place all should be seen at once.
MOST_TRUSTING = 200
# The spelling of tokens here and at PyPI: enough to know one by, too little to take a name for one.
_TOKEN = re.compile(r"(?<![0-9A-Za-z])(?:[a-z][a-z0-9]{1,15}_(?:tp|api)_[0-9A-Za-z]{20,}|pypi-[A-Za-z0-9_-]{20,})")
# The run in an address of GitHub, GitLab and Buildkite.
_RUN = re.compile(r"/(?:actions/runs|jobs)/([0-9]+)|#([0-9a-f-]{36})$")
# A hash as pip's files of requirements, links of an index and sha256sum write it.
_DIGEST = re.compile(r"(?:^|[:=])([0-9A-Fa-f]{64})(?:$|\s)")
_COMMIT = re.compile(r"/commits?/([0-9a-f]{7,64})")


@dataclass(frozen=True)
class Found:
    """One thing that the text means: a heading, a sentence if there is more to say, and the rows."""

    title: str
    sentence: str = ""
    rows: Sequence[Model] = ()
    tone: str = ""  # good or bad, where it is either
    explained: Explained | None = field(default=None, repr=False)
    revocable: ApiToken | UploadToken | None = None  # a token that has not ended yet
    most: int = MOST  # rows that are shown

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows."""
        return len(self.rows) >= self.most


@sensitive_variables()
def find(text: str) -> list[Found]:
    """All that the text means here. Nothing is written, nothing is used up, and the text itself is given to nobody."""
    text = text.strip()
    if not text:
        return []
    found = [_token(secret) or _identity_token(secret) for secret in _secrets(text)[:MOST]]
    if found:
        return found
    if len(text) > searching.MAX_LENGTH or not text.isprintable():
        return []
    with planning.for_their_values():
        return [found for look in _LOOKS for found in look(text)]


@sensitive_variables()
def is_secret(text: str) -> bool:
    """Whether the text must not be shown again: it is a secret, or holds one."""
    return bool(_secrets(text.strip()))


@sensitive_variables()
def _secrets(text: str) -> list[str]:
    """The tokens and identity tokens that a text is, or that stand in it: in a header, an address, a log."""
    if inspecting.looks_like_one(text):
        return [text]
    return list(dict.fromkeys([*_TOKEN.findall(text), *inspecting.among(text)]))


@sensitive_variables("text")
def _identity_token(text: str) -> Found:
    explained = inspecting.explain(text)
    return Found("Identity token", explained.verdict, explained.rows, explained.tone, explained)


@sensitive_variables("text", "digest")
def _token(text: str) -> Found | None:
    digest = secrets.digest(text)
    api = ApiToken.objects.select_related("user").filter(digest=digest).first()
    upload = UploadToken.objects.select_related("exchange").filter(digest=digest).first()
    for token in (api, upload):
        if token is not None:
            return _known(token)
    if secrets.kind_of(text) is not None:
        return Found(
            "A token of this registry that is not known",
            "Its form and checksum are right, but there is no such row: it was pruned long after its end, or another "
            "registry with the same TOKEN_PREFIX gave it. It opens nothing here.",
        )
    if _TOKEN.match(text):
        return Found(
            "Not a token of this registry",
            "Its prefix or its checksum is another's. It opens nothing here; tell whoever gave it.",
        )
    return None


def _known(token: ApiToken | UploadToken) -> Found:
    state = token.state()
    kind = "API token" if isinstance(token, ApiToken) else "Upload token"
    if state == "live":
        return Found(f"{kind}, live", _opens(token), _around(token), "bad", revocable=token)
    ended = f"It opens nothing any more: {_end(token, state)}."
    # A user who comes back brings the token back too.
    revocable = token if state == "without its user" else None
    return Found(f"{kind}, {state}", ended, _around(token), "good", revocable=revocable)


def _opens(token: ApiToken | UploadToken) -> str:
    """What a token that has not ended opens, until when."""
    until = f" until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else ", and never expires"
    if isinstance(token, ApiToken):
        where = ", ".join(sorted(project.name for project in token.projects.all()[:MOST])) or "no project that is left"
        reach = where if token.limited else "all projects of its user"
        return f"“{token.name}” of {token.username} opens {', '.join(token.scopes) or 'nothing'} for {reach}{until}."
    opened = ", ".join(sorted(UploadTokenCredential(token).publishers)) if settings.OIDC_ENABLED else ""
    if opened:
        return f"It uploads to {opened}{until}."
    covered = ", ".join(sorted({grant["project"] for grant in token.grants}))
    return (
        f"It was for {covered}{until}, and opens nothing at the moment: trusted publishing, its provider or its issuer "
        "is switched off, or its publishers were changed or are gone. Revoked, it never opens anything again."
    )


def _end(token: ApiToken | UploadToken, state: str) -> str:
    if state == "revoked":
        return f"revoked on {token.revoked_at:%Y-%m-%d %H:%M} UTC ({token.revoked_reason or 'no reason was given'})"
    if state == "expired":
        return f"it expired on {token.expires_at:%Y-%m-%d %H:%M} UTC"
    if isinstance(token, UploadToken):
        ended = token.burnt_at or token.spent_at
        return f"{state} on {ended:%Y-%m-%d %H:%M} UTC"
    return "its user is gone or deactivated"


def _around(token: ApiToken | UploadToken) -> list[Model]:
    before: list[Any] = [token.user if isinstance(token, ApiToken) else token.exchange]
    return [token, *filter(None, before), *_short(token.provenance.defer("claims", "publisher"))]


def _short(rows: "QuerySet[Any]") -> list[Any]:
    return list(rows[:MOST])


def _newest(rows: "QuerySet[Any]", moment: str = "created_at") -> list[Any]:
    return list(rows.order_by(f"-{moment}", "-pk")[:MOST])


def _exchanges(which: Q) -> list[Any]:
    return _newest(Exchange.objects.filter(which).defer("claims", "checks"))


def _files_by(exchanges: Iterable[Exchange]) -> list[Any]:
    keys = [exchange.pk for exchange in exchanges]
    return _newest(Provenance.objects.filter(exchange__in=keys).defer("claims", "publisher"), "uploaded_at")


def _of_exchanges(title: str, which: Q) -> Iterator[Found]:
    exchanges = _exchanges(which)
    if exchanges:
        yield Found(title, rows=exchanges)
        files = _files_by(exchanges)
        if files:
            yield Found("Files uploaded by these", rows=files)


def _exchange(text: str) -> Iterator[Found]:
    if searching.ID in searching.kinds_of(text):
        yield from _of_exchanges("Exchange", Q(pk=text))


def _hash(text: str) -> Iterator[Found]:
    written = _DIGEST.search(text)
    if written:
        digest = written[1].lower()
        files = _short(File.objects.filter(Q(sha256=digest) | Q(blake2_256=digest)).select_related("release__project"))
        if files:
            yield Found("Files with this hash", rows=files)
        hashes = {digest, *(file.sha256 for file in files)}
        came = _short(Provenance.objects.filter(sha256__in=hashes).defer("claims", "publisher"))
        if came:
            yield Found("How they came", rows=came)


def _commit(text: str) -> Iterator[Found]:
    in_address = _COMMIT.search(text)
    text = in_address[1] if in_address else text
    if searching.COMMIT in searching.kinds_of(text):
        yield from _of_exchanges(f"Exchanges from the commit {text}", searching.commit(text))


def _run(text: str) -> Iterator[Found]:
    in_address = _RUN.search(text)
    run = (in_address[1] or in_address[2]) if in_address else text
    if len(run) <= 100:
        yield from _of_exchanges(f"Exchanges from the run {run}", Q(run=run))


def _place(text: str) -> Iterator[Found]:
    if searching.PLACE not in searching.kinds_of(text):
        return
    identities = known_identities(text)
    publishers = Publisher.objects.standing().filter(identity__in=identities).select_related("issuer", "project")
    trusting = list(publishers.order_by("normalized_name", "pk")[:MOST_TRUSTING])
    if trusting:
        projects = publishers.order_by().values("normalized_name").distinct().count()
        of = f"{projects:,} project{pluralize(projects)}"
        yield Found(f"Publishers that trust this place, of {of}", rows=trusting, most=MOST_TRUSTING)
    which = searching.either(Exchange, [Q(identity=identity) for identity in identities])
    if which is not None:
        yield from _of_exchanges("Exchanges from there, the newest", which)


def _name(text: str) -> Iterator[Found]:
    filename = text.partition("#")[0].rpartition("/")[2] if "://" in text else text
    files = _short(File.objects.filter(filename=filename).select_related("release__project"))
    came = _short(Provenance.objects.filter(filename=filename).defer("claims", "publisher"))
    if files or came:
        yield Found("File of this name", rows=[*files, *came])
    project = Project.objects.filter(normalized_name=names.normalize(text)).first() if names.is_valid(text) else None
    if project is not None:
        yield Found("Project", rows=[project])
    user = User.objects.filter(Q(username=text) | Q(email=text)).first()
    if user is not None:
        yield Found("User", rows=[user, *_newest(ApiToken.objects.filter(user=user).select_related("user"))])


def _address(text: str) -> Iterator[Found]:
    if searching.ADDRESS not in searching.kinds_of(text):
        return
    yield from _of_exchanges("Exchanges from this address, the newest", Q(address=text))
    events = _newest(Event.objects.filter(address=text), "time")
    if events:
        yield Found("Events from this address, the newest", rows=events)


_LOOKS: tuple[Callable[[str], Iterator[Found]], ...] = (_exchange, _hash, _commit, _run, _place, _name, _address)
