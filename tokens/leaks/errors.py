"""Why a report is not taken."""


class ReportRefused(Exception):
    """The message is a sentence without anything of the report."""

    status = 400
    retry_after: int | None = None


class WrongSignature(ReportRefused):
    """Nobody knows who sent it."""


class WrongReport(ReportRefused):
    """It is signed, and not what the format says."""


class TooLarge(ReportRefused):
    """Its body is too long, or of unknown length."""

    status = 413


class KeysUnavailable(ReportRefused):
    """The signature cannot be verified now."""

    status = 503
    retry_after = 60
