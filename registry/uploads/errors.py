"""Why an upload is refused."""

from registry.switches import SwitchedOff

_MAX_WHY = 600


class UploadRefused(Exception):
    """A refusal with its HTTP status and the sentence that the client shows."""

    status = 400
    code = ""  # for machines, where a sentence is not enough

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotAllowed(UploadRefused):
    """The credential does not open this: 403."""

    status = 403


class Closed(NotAllowed):
    """An administrator has switched it off. Not 503: twine would try five times more."""

    def __init__(self, off: SwitchedOff) -> None:
        super().__init__(str(off))
        self.code = off.code


class InvalidCredentials(NotAllowed):
    """No credential, or a dead or unknown one."""

    def __init__(self) -> None:
        super().__init__("Invalid or non-existent authentication information.")


class InvalidDistribution(UploadRefused):
    """The file is not what it says it is."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Invalid distribution file. {why}")


class InvalidAttestations(UploadRefused):
    """The attestations that came with the file do not hold, or cannot be verified. ``why`` may repeat their words."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Invalid attestations supplied during upload: {' '.join(why.split())[:_MAX_WHY]}")


class TornUpload(UploadRefused):
    """The client went away before it had sent what it announced."""

    def __init__(self) -> None:
        super().__init__("The upload ended before it was complete. Try again.")


class LengthRequired(UploadRefused):
    """The request does not say how long its body is."""

    status = 411

    def __init__(self) -> None:
        super().__init__("The upload must say how long it is: send a Content-Length.")


class Gone(UploadRefused):
    """An action that PyPI's old upload API had."""

    status = 410


class TryAgain(UploadRefused):
    """The registry's own fault, which may pass: twine tries again by itself."""

    status = 503

    def __init__(self) -> None:
        super().__init__("The registry could not store the file now. Nothing was stored. Try again.")


def shown(value: str, most: int = 60) -> str:
    """A client's value as a sentence may show it: quoted, without control characters, its middle cut out."""
    if len(value) > most:
        value = f"{value[: most // 2]}...{value[-(most // 2) :]}"
    return repr(value)
