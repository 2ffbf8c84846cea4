"""The mails that tell people of exchanges and tokens. Each is written where its event is recorded."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from publishers import matching
from publishers.matching import Match
from publishers.models import Publisher
from publishers.providers.base import Links
from publishers.providers.fields import Field, Reading
from publishers.telling import described
from registry import addresses, mails
from registry.actors import Actor
from registry.models import File, Project, User
from tokens import disclosure, explaining, history, notices
from tokens.disclosure import Comparison
from tokens.models import ApiToken, Exchange, UploadToken
from tokens.notices import Told

MAX_TOLD = 100  # projects of one refusal, and as many people
MAX_EXPLAINED = 3  # publishers of each
# A publisher's owners are told of so many environments: whoever may start its job can invent them.
MAX_ENVIRONMENTS = 20
MAX_ENVIRONMENT = 200  # characters that are kept of each
MAX_LINK = 300
ENVIRONMENT = "environment"


def refused(exchange: Exchange, held: Sequence[Match], reading: Reading) -> None:
    """An exchange of a known workload was refused: owners, and who waits, are told why, once a day at most.

    ``held`` are the publishers that it concerns. Nobody is told of whose publishers one matches: it was refused for the
    sake of others.
    """
    issuer, identity = exchange.issuer, exchange.identity
    if issuer is None:
        return
    forbidden = explaining.rule(exchange, reading)
    projects = _failing(matching.nearest_of_projects(held), forbidden)
    for project in notices.take_turn(projects, issuer, identity) if projects else ():
        _tell_owners_why(project, exchange, projects[project], forbidden)
    # Whose name was lost was told so then.
    waiting = [match for match in held if match.publisher.is_pending]
    people = _failing(matching.nearest_of_people(waiting), forbidden)
    for user in notices.take_turn_of_people(people, issuer, identity) if people else ():
        _tell_user_why(user, exchange, people[user], forbidden)


def unknown_environments(matches: Iterable[Match], reading: Reading) -> list[tuple[Publisher, str]]:
    """The publishers that name no environment and were used from one of which their owners do not know yet.

    Asks the database nothing.
    """
    environment = reading.get(ENVIRONMENT)
    if not isinstance(environment, str) or not environment:
        return []
    publishers = sorted((match.publisher for match in matches), key=lambda publisher: publisher.pk)
    return [(publisher, environment) for publisher in publishers if _is_news(publisher, environment)]


def environments_used(news: Iterable[tuple[Publisher, str]]) -> None:
    """Tell the owners of what ``unknown_environments`` found, once for each environment."""
    for publisher, environment in news:
        if publisher.project is not None:
            _environment_used(publisher, publisher.project, environment)


def api_token_used(token: ApiToken, file: File, actor: Actor) -> None:
    """An API token uploaded to a project that has trusted publishers: its owners are told, once for the token."""
    project = file.release.project
    if token.publishers_told_at is not None or not Publisher.objects.filter(project=project, enabled=True).exists():
        return
    if ApiToken.objects.filter(pk=token.pk, publishers_told_at__isnull=True).update(publishers_told_at=timezone.now()):
        context = {"token": token, "file": file, "actor": actor, "settings": addresses.project_settings(project)}
        mails.post("api-token-used", project.owners(), project=project, **context)


def api_token_revoked(token: ApiToken, reason: str, actor: Actor) -> None:
    """Somebody else than its user ended an API token: the user is told."""
    if token.user is not None and token.user != actor.user:
        context = {"token": token, "reason": reason, "actor": actor, "tokens": addresses.api_tokens()}
        mails.post("api-token-revoked", [token.user], **context)


def upload_token_revoked(token: UploadToken, reason: str, actor: Actor) -> None:
    """An upload token was ended: the owners of each of its projects are told, and who waits for one."""
    projects, waiting = history.concerned(token)
    context = {"token": token, "reason": reason, "actor": actor}
    for project in sorted(projects, key=lambda project: project.pk):
        exchanges = addresses.exchanges(project)
        mails.post("upload-token-revoked", project.owners(), project=project, exchanges=exchanges, **context)
    _post_to_waiting(waiting, context)


def _post_to_waiting(waiting: Iterable[User], context: Mapping[str, Any]) -> None:
    mails.post("pending-token-revoked", waiting, pending=addresses.pending_publishers(), **context)


def _failing(nearest: Mapping[Told, Sequence[Match]], forbidden: str | None) -> dict[Told, Sequence[Match]]:
    """Those who are to be told, with their publishers, those first that differ least."""
    failing = [(one, matches) for one, matches in nearest.items() if forbidden or not matches[0].ok]
    return dict(failing[:MAX_TOLD])


def _tell_owners_why(project: Project, exchange: Exchange, matches: Sequence[Match], forbidden: str | None) -> None:
    mails.post(
        "exchange-refused",
        project.owners(),
        project=project,
        details=addresses.exchange(project, str(exchange.pk)),
        exchanges=addresses.exchanges(project),
        publishing=addresses.publishing(project),
        **_reasons(exchange, matches, forbidden),
    )


def _tell_user_why(user: User, exchange: Exchange, matches: Sequence[Match], forbidden: str | None) -> None:
    mails.post(
        "pending-refused",
        [user],
        publisher=matches[0].publisher,
        pending=addresses.pending_publishers(),
        **_reasons(exchange, matches, forbidden),
    )


def _reasons(exchange: Exchange, matches: Sequence[Match], forbidden: str | None) -> dict[str, Any]:
    """What both mails say of a refusal, as far as their readers may see it."""
    nearest = matches[:MAX_EXPLAINED]
    comparisons = [disclosure.of_match(match) for match in nearest]
    in_context = disclosure.shows_context(comparisons)
    reasons = [
        {"publisher": _titled(match.publisher), "lines": [] if forbidden else _why(match, comparison)}
        for match, comparison in zip(nearest, comparisons, strict=True)
    ]
    return {
        "exchange": exchange,
        "place": nearest[0].publisher.place,
        "forbidden": forbidden,
        "in_context": in_context,
        **(_links(exchange) if in_context else {}),
        "reasons": reasons,
    }


def _titled(publisher: Publisher) -> str:
    return str(publisher) if publisher.project is not None else f"{publisher.project_name}: {publisher}"


def _links(exchange: Exchange) -> dict[str, str]:
    """To the run and the commit. They are made of claims that nobody had to look at before."""
    links = exchange.issuer.kind.links(exchange.claims) if exchange.issuer is not None else Links()
    return {name: " ".join(link.split())[:MAX_LINK] for name, link in (("run", links.run), ("commit", links.commit))}


def _why(match: Match, comparison: Comparison) -> list[str]:
    """What is between a publisher and the token, as far as the project may see it."""
    lines = [match.dead] if match.dead else []
    if comparison.is_another:
        return lines + [explaining.another(check) for check in comparison.checks]
    lines += [explaining.difference(check) for check in comparison.checks if not check["ok"]]
    if match.is_elsewhere and match.pins:
        lines.append(explaining.RENAMED)
    return lines


def _is_news(publisher: Publisher, environment: str) -> bool:
    field, told = _environment_field(publisher), publisher.environments_told
    if field is None or publisher.is_pending or publisher.values.get(ENVIRONMENT) or len(told) >= MAX_ENVIRONMENTS:
        return False
    return disclosure.shows_actual(publisher) and _kept(field, environment) not in told


def _environment_used(publisher: Publisher, project: Project, environment: str) -> None:
    field, told = _environment_field(publisher), publisher.environments_told
    unchanged = Publisher.objects.filter(pk=publisher.pk, environments_told=told)
    if field is not None and unchanged.update(environments_told=[*told, _kept(field, environment)]):
        mails.post(
            "environment-used",
            project.owners(),
            project=project,
            publisher=publisher,
            environment=environment[:MAX_ENVIRONMENT],
            trusts=described(publisher),
            constrain=addresses.constrain(project, publisher.pk, environment),
        )


def _environment_field(publisher: Publisher) -> Field | None:
    return next((part for part in publisher.issuer.kind.fields if part.name == ENVIRONMENT), None)


def _kept(field: Field, environment: str) -> str:
    return field.normalize(environment)[:MAX_ENVIRONMENT]
