"""The tags of publishers and issuers, and how the history says them."""

from registry.wording import ADMINISTRATION, PUBLISHERS, Line

_PROVIDER = ("provider",)
_TRUSTED = ("provider", "label", "owner", "repository", "workflow_filename", "environment")

LINES = {
    "project:oidc:publisher-added": Line(PUBLISHERS, "Added a trusted publisher", _TRUSTED),
    "project:oidc:publisher-changed": Line(PUBLISHERS, "Changed a trusted publisher", _PROVIDER),
    "project:oidc:publisher-renamed": Line(PUBLISHERS, "Accepted a repository's new name", _PROVIDER),
    "project:oidc:publisher-removed": Line(PUBLISHERS, "Removed a trusted publisher", _TRUSTED),
    "account:oidc:pending-publisher-added": Line(PUBLISHERS, "Added a pending publisher for {name}", _TRUSTED),
    "account:oidc:pending-publisher-changed": Line(PUBLISHERS, "Changed the pending publisher for {name}", _PROVIDER),
    "account:oidc:pending-publisher-renamed": Line(
        PUBLISHERS, "Accepted the new name of the repository of the pending publisher for {name}", _PROVIDER
    ),
    "account:oidc:pending-publisher-removed": Line(PUBLISHERS, "Removed the pending publisher for {name}", _TRUSTED),
    "account:oidc:pending-publisher-expired": Line(PUBLISHERS, "The pending publisher for {name} expired", _TRUSTED),
    "account:oidc:pending-publisher-reified": Line(PUBLISHERS, "The pending publisher created {name}"),
    "account:oidc:pending-publisher-invalidated": Line(
        PUBLISHERS, "The pending publisher for {name} can no longer be used", ("reason", *_TRUSTED)
    ),
    "issuer:added": Line(ADMINISTRATION, "Added the issuer {url}"),
    "issuer:changed": Line(ADMINISTRATION, "Changed the issuer {issuer}"),
    "issuer:removed": Line(ADMINISTRATION, "Removed the issuer {url}"),
    "issuer:switched-on": Line(ADMINISTRATION, "Switched the issuer {issuer} on"),
    "issuer:switched-off": Line(ADMINISTRATION, "Switched the issuer {issuer} off"),
    "issuer:keys-refreshed": Line(ADMINISTRATION, "Refreshed the keys of {issuer}", ("keys",)),
    "issuer:keys-pasted": Line(ADMINISTRATION, "Pasted keys of {issuer}"),
    "issuer:keys-unpasted": Line(ADMINISTRATION, "Ended that the keys of {issuer} are pasted"),
    "issuer:key-dropped": Line(ADMINISTRATION, "Dropped a key of {issuer}", ("key",)),
    "provider:switched-off": Line(ADMINISTRATION, "Switched {provider} off", ("reason",)),
    "provider:switched-on": Line(ADMINISTRATION, "Switched {provider} on"),
}
