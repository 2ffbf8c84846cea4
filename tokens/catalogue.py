"""The tags of exchanges and tokens, and how the history says them."""

from registry.wording import ADMINISTRATION, EXCHANGES, TOKENS, Line
from tokens.disclosure import told_senders

_GRANTED = ("provider", "exchange")

LINES = {
    "project:oidc:exchange-granted": Line(EXCHANGES, "Granted an upload token", _GRANTED, told_senders),
    "project:oidc:exchange-refused": Line(
        EXCHANGES, "Refused an upload token: {code}", ("provider", "exchange"), told_senders
    ),
    "project:oidc:upload-token-burnt": Line(EXCHANGES, "An upload token was burnt", ("exchange",), told_senders),
    "project:oidc:upload-token-revoked": Line(
        EXCHANGES, "Revoked an upload token", ("reason", "exchange"), told_senders
    ),
    "account:oidc:exchange-granted": Line(
        EXCHANGES, "Granted an upload token for {pending}, which waits", _GRANTED, told_senders
    ),
    "account:oidc:exchange-refused": Line(
        EXCHANGES, "Refused an upload token for {pending}: {code}", _GRANTED, told_senders
    ),
    "account:oidc:upload-token-burnt": Line(
        EXCHANGES, "An upload token of a pending publisher was burnt", ("exchange",), told_senders
    ),
    "account:oidc:upload-token-revoked": Line(
        EXCHANGES, "Revoked an upload token of a pending publisher", ("reason", "exchange"), told_senders
    ),
    "account:api_token:added": Line(TOKENS, "Created the API token {name}", ("scopes", "projects", "expires_at")),
    "account:api_token:removed": Line(TOKENS, "Revoked the API token {name}", ("reason",)),
    "project:api_token:added": Line(TOKENS, "Created the API token {name} of {username}", ("scopes", "expires_at")),
    "project:api_token:removed": Line(TOKENS, "Revoked the API token {name} of {username}", ("reason",)),
    "registry:tokens:revoked": Line(ADMINISTRATION, "Revoked {revoked} tokens together", ("reason", "left")),
}
