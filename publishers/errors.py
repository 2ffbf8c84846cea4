"""Why an exchange is refused: one class per code of the contract, raised where it is found, answered at the edge."""

from registry.models import Switch


class Refused(Exception):
    """A refusal with a code for machines and a description for people (never with a token in it)."""

    code = "invalid-payload"
    status = 422
    message = "Token request failed"
    retry_after: int | None = None
    exchange = ""  # the id of the record, where there is one
    provider: str  # of the issuer whose signature was verified, or that is itself what refuses whoever names it

    def __init__(self, description: str, provider: str = "") -> None:
        super().__init__(description)
        self.description = description
        self.provider = provider
        self.headers: dict[str, str] = {}


class InvalidPayload(Refused):
    """The request is not what the endpoint reads, or names an issuer that is not trusted."""

    code = "invalid-payload"


class NotEnabled(Refused):
    """The provider or issuer is switched off."""

    code = "not-enabled"


class InvalidToken(Refused):
    """The identity token does not verify; the description says what is wrong with it.

    Of one whose signature is good, ``claim`` names the registered claim that is wrong, with what it must be and what
    the token says, both fit to be shown and kept.
    """

    code = "invalid-token"

    def __init__(self, description: str, claim: str = "", expected: str = "", actual: str | None = None) -> None:
        super().__init__(description)
        self.claim, self.expected, self.actual = claim, expected, actual


class InvalidReuseToken(Refused):
    """The identity token was used before."""

    code = "invalid-reuse-token"


class InvalidPublisher(Refused):
    """The token is valid, but no publisher matches it."""

    code = "invalid-publisher"


class InvalidPendingPublisher(Refused):
    """Only a pending publisher matches, and it can no longer be used."""

    code = "invalid-pending-publisher"


class Disabled(Refused):
    """Trusted publishing is off in this registry."""

    code = "not-enabled"
    status = 403
    message = "Trusted publishing functionality not enabled"


class TooLarge(Refused):
    """The request body is too large."""

    code = "payload-too-large"
    status = 413


class LengthRequired(Refused):
    """The request does not say how long its body is."""

    code = "length-required"
    status = 411


class NotAcceptable(Refused):
    """The Accept header admits nothing that this endpoint answers with."""

    code = "not-acceptable"
    status = 406


class KeysUnavailable(Refused):
    """The issuer's keys cannot be had now."""

    code = "keys-unavailable"
    status = 503
    retry_after = 30


class RateLimited(Refused):
    """Refused, and so often before that the reason is no longer told. Says nothing else, and has no record."""

    code = "rate-limited"
    status = 429
    message = "Too many requests"

    def __init__(self, description: str, retry_after: int) -> None:
        super().__init__(description)
        self.retry_after = retry_after


class NotAllowedMethod(Refused):
    """The endpoint does not know this method."""

    code = "method-not-allowed"
    status = 405


class Busy(Refused):
    """Others were quicker several times, or the database cannot be had: nothing was decided."""

    code = "try-again"
    status = 503
    message = "Try again"
    retry_after = 5


class ReadOnly(Refused):
    """Everything that writes is switched off in this registry."""

    code = "read-only"
    status = 503
    message = "Try again later"
    retry_after = 300

    def __init__(self) -> None:
        super().__init__(Switch.SENTENCES[Switch.What.WRITING])


class Malformed(Refused):
    """The request is not one that any client sends."""

    code = "invalid-request"
    status = 400
    message = "Bad request"
