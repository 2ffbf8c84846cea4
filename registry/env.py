"""Reads settings from the environment, so that a wrong value names its setting."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from registry.rates import Rate
from registry.s3 import address

env = environ.Env()

T = TypeVar("T")


def _read(name: str, cast: Callable[[str], T], default: str, expected: str) -> T:
    text = env.str(name, default="").strip() or default
    try:
        return cast(text)
    except (ValueError, KeyError, TypeError, ImproperlyConfigured) as wrong:
        raise ImproperlyConfigured(f"{name} must be {expected}, not {text!r}") from wrong


def flag(name: str, *, default: bool) -> bool:
    """A boolean: true/false, yes/no, on/off, 1/0 (any case)."""
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    return _read(name, lambda text: words[text.lower()], str(default), "true or false")


def whole(name: str, default: int, low: int, high: int) -> int:
    """A whole number between ``low`` and ``high``, both included."""

    def cast(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return _read(name, cast, str(default), f"a whole number from {low} to {high}")


def rate(name: str, default: str) -> Rate | None:
    """A rate such as ``120/min``, or None for ``0``, which is no limit."""
    return _read(
        name,
        lambda text: None if text == "0" else Rate.parse(text),
        default,
        "a number for each s, min, h or d, such as 120/min, or 0 for no limit",
    )


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list; ``default`` when unset."""
    return [word.strip() for word in env.str(name, default=default).split(",") if word.strip()]


def matching(name: str, default: str, pattern: str, expected: str) -> str:
    """A text that matches ``pattern`` whole."""

    def cast(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return _read(name, cast, default, expected)


def site_url(name: str, default: str) -> str:
    """A public base URL: http or https, a host, no path; returned without a trailing slash."""

    def cast(text: str) -> str:
        parts = urlsplit(text)
        plain = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
        if not plain or parts.path not in {"", "/"} or parts.username or (parts.port is not None and parts.port == 0):
            raise ValueError
        return text.rstrip("/")

    return _read(name, cast, default, "an http or https address without a path, such as https://pypi.example.com")


def web_address(name: str) -> str:
    """The address of another server: https, or http to this machine; empty when unset. Kept as it is written."""

    def cast(text: str) -> str:
        parts = urlsplit(text)
        local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
        plain = parts.hostname and not (parts.query or parts.fragment or parts.username) and parts.port != 0
        if text and not (plain and (parts.scheme == "https" or local)):
            raise ValueError
        return text

    return _read(name, cast, "", "an https address, such as https://login.example.com")


def database(name: str, default: str) -> dict[str, Any]:
    """A Django database configuration from ``sqlite:///…`` or ``postgres://…``."""

    def cast(text: str) -> dict[str, Any]:
        if not text.startswith(("sqlite://", "postgres://", "postgresql://")):
            raise ValueError
        config: dict[str, Any] = environ.Env.db_url_config(text)
        if not config.get("NAME"):
            raise ValueError
        return config

    # A database address may hold a password: the message must not repeat it.
    try:
        return cast(env.str(name, default="").strip() or default)
    except (ValueError, ImproperlyConfigured) as wrong:
        raise ImproperlyConfigured(f"{name} must be sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME") from wrong


def hosts(name: str) -> list[str]:
    """A comma-separated list of host names as Django's ALLOWED_HOSTS takes them; empty when unset."""
    found = words(name)
    for host in found:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise ImproperlyConfigured(f"{name} must hold host names without scheme or port, not {host!r}")
    return found


def redis(name: str) -> str:
    """``redis://HOST:PORT/NUMBER``, or empty. It may hold a password: the message does not repeat it."""
    text: str = env.str(name, default="").strip()
    try:
        parts = urlsplit(text)
        right = parts.scheme in {"redis", "rediss"} and parts.hostname and re.fullmatch(r"(/[0-9]*)?", parts.path)
        wrong = bool(text) and (not right or parts.port == 0)
    except ValueError:
        wrong = True
    if wrong:
        raise ImproperlyConfigured(f"{name} must be redis://HOST:PORT/NUMBER, or absent for the database's cache")
    return text


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's mail settings from an address. It may hold a password: the message does not repeat it."""
    text = env.str(name, default="").strip() or default
    if text.startswith("smtps://"):  # RFC 8314: TLS from the first byte; django-environ reads it as STARTTLS
        text = text.replace("smtps", "smtp+ssl", 1)
    try:
        config: dict[str, Any] = environ.Env.email_url_config(text)
        if text.startswith("smtp") and not config.get("EMAIL_HOST"):
            raise ValueError
    except (KeyError, ValueError, ImproperlyConfigured) as wrong:
        raise ImproperlyConfigured(
            f"{name} must be smtp://USER:PASSWORD@HOST:PORT, smtps://…, smtp+tls://… or consolemail://"
        ) from wrong
    return config


def make_folder(name: str, path: Path) -> None:
    """Make the folder that a setting names, unless it is there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise ImproperlyConfigured(f"{name} names the folder {path}, which cannot be made: {wrong.strerror}") from wrong


def files(name: str, default: str, base: Path) -> dict[str, Any]:
    """A Django storage from ``file:DIR``, which lies under ``base`` if it is relative, or from ``s3://BUCKET``.

    Who writes a password into it, where none belongs, must not read it in the message.
    """
    text: str = env.str(name, default="").strip() or default
    scheme, _, path = text.partition(":")
    if scheme == "s3":
        try:
            return {"BACKEND": "registry.s3.storage.BucketStorage", "OPTIONS": address.read(text)}
        except address.WrongAddress as wrong:
            raise ImproperlyConfigured(f"{name} {wrong}") from wrong
    if scheme != "file" or not path:
        raise ImproperlyConfigured(f"{name} must be file:DIR or {address.FORM}")
    folder = base / path.removeprefix("//")
    return {"BACKEND": "registry.storage.ContentStorage", "OPTIONS": {"location": folder}}
