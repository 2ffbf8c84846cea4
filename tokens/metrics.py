"""What is counted of exchanges. Their time is that of the requests to the endpoint (``registry.observing``)."""

from prometheus_client import Counter

from publishers.errors import Refused
from tokens.redemption import Granted

exchanges = Counter("gatehouse_exchanges", "Requests for an upload token.", ["provider", "outcome", "code"])


def granted(grant: Granted) -> None:
    """An upload token was minted."""
    exchanges.labels(grant.provider, "granted", "").inc()


def refused(refusal: Refused) -> None:
    """None was; the provider is empty unless an issuer of it signed the identity token."""
    exchanges.labels(refusal.provider, "refused", refusal.code).inc()
