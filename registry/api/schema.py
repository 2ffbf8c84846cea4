"""How the API is described: what drf-spectacular does not see by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

PROBLEM = "Problem"
STATUSES = {
    "400": "What was sent cannot be used.",
    "401": "No token, or one that is dead.",
    "403": "The token has not the scope, or the person not the role.",
    "404": "There is no such row, or it is not this person's.",
    "429": "Too many requests; Retry-After says when to come again.",
    "503": "The database cannot be had, or changes are switched off; Retry-After says when to come again.",
}

UNREAD = dict.fromkeys(("411", "413", "415"), "A body that is not read.")
RACED = {"409": "Somebody else changed the same at the same moment."}


class ByToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API tokens, which a class of a floor above reads."""

    target_class = "tokens.authentication.TokenAuthentication"
    name = ["bearer", "basic"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Both ways to send one."""
        return [
            {"type": "http", "scheme": "bearer", "description": "An API token with the scope `read` or `manage`."},
            {
                "type": "http",
                "scheme": "basic",
                "description": "The same: user name `__token__`, the token as password.",
            },
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Either of them."""
        return [{name: []} for name in self.name]


class BySession(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Whoever is signed in, on the documentation's page."""

    target_class = "registry.api.session.InSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def only_the_api(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out what clients of other protocols use (a hook of drf-spectacular)."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def add_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Say of every operation how it is refused (a hook of drf-spectacular)."""
    result["components"]["schemas"][PROBLEM] = _PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            statuses = STATUSES | (UNREAD if "requestBody" in operation else {}) | (RACED if method == "patch" else {})
            for status, description in statuses.items():
                operation["responses"].setdefault(status, {"description": description, "content": content})
    return result


def open_changes(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """A change of a few members may be one of several providers' publishers (a hook of drf-spectacular)."""
    for name, schema in result["components"]["schemas"].items():
        if name.startswith("Patched") and "oneOf" in schema:
            schema["anyOf"] = schema.pop("oneOf")
            schema.pop("discriminator")
    return result


_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "For programs, where something is switched off."},
        "errors": {
            "type": "object",
            "additionalProperties": {},
            "description": "By member or parameter: sentences; `non_field_errors` concern the whole.",
        },
        "request_id": {"type": "string", "description": "As in X-Request-ID, and in the registry's log."},
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}
