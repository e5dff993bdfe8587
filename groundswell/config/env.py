"""Every setting that comes from the environment, typed, in one place.

A malformed value stops the start with the setting's name and what was expected. Documented in docs/settings.md.
"""

import contextlib
import os
import secrets
from email.utils import parseaddr
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, field_validator
from pydantic import ValidationError as Malformed
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SECRETS = {
    "secret_key",
    "database_url",
    "email_url",
    "email_second_url",
    "mailbox_url",
    "mail_hooks",
}  # values that no message repeats
CommaList = Annotated[tuple[str, ...], NoDecode]


class BadSettings(SystemExit):
    """A setting is malformed. The message names it and says what was expected."""


class Env(BaseSettings):
    """One field per environment variable."""

    model_config = SettingsConfigDict(env_prefix="", case_sensitive=False, frozen=True, extra="ignore")

    groundswell_home: Path = Field(
        Path(".groundswell"), description="Folder for the database, the secret and the outbox."
    )
    database_url: str = Field(
        "",
        description="postgresql://user:password@host/name; empty: an embedded PostgreSQL in the home folder.",
    )
    secret_key: str = Field(
        "", description="At least 50 random characters; empty: one is made and kept in the home folder."
    )
    base_url: str = Field(
        "http://127.0.0.1:8000", description="Where people reach the site, without a slash at the end."
    )
    allowed_hosts: CommaList = Field(
        (), description="Host names the site answers to, with commas between; empty: the one in BASE_URL."
    )
    debug: bool = Field(False, description="true or false; true shows tracebacks and is for development only.")
    demo: bool = Field(
        False, description="true or false; true shows the outbox page and makes the second factor optional."
    )
    email_url: str = Field(
        "outbox:",
        description="smtp://user:password@host:port, smtps://..., anymail+provider://?api_key=..., or outbox: to keep"
        " mail in the home folder.",
    )
    email_second_url: str = Field(
        "", description="A second way out, like EMAIL_URL: the two share the work and stand in for each other."
    )
    from_email: str = Field("groundswell@localhost", description="The address mail comes from.")
    dkim_selector: str = Field(
        "", description="The selector under which the mail server signs, to look up its key; empty: not looked up."
    )
    mailbox_url: str = Field(
        "",
        description="imaps://user:password@host:port/INBOX or imap://...: where mail comes back; empty: nowhere.",
    )
    mail_hooks: str = Field(
        "",
        description="provider://?webhook_secret=user:password for each provider that reports, with spaces between.",
    )
    reply_domain: str = Field(
        "",
        description="answers.example.org: what is sent to reply+...@ there comes to us; empty: no answers come to us.",
    )
    second_factor: Literal["required", "offered"] = Field(
        "required", description="required or offered: a second factor for whoever may see other people."
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="How many proxies of yours stand before the site, 0 to 5.")
    tile_url: str = Field(
        "", description="Map tiles, https://.../{z}/{x}/{y}.png; empty: maps are drawn without tiles."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def split_commas(cls, value: object) -> object:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def check_base_url(cls, value: str) -> str:
        parts = _parts(value, "http", "https")
        if parts.path or parts.query or parts.fragment:
            raise ValueError("must end with the host or its port: no slash, no path")
        return value

    @field_validator("database_url")
    @classmethod
    def check_database_url(cls, value: str) -> str:
        if value:
            if not value.startswith(("postgresql://", "postgres://")):
                raise ValueError("must begin with postgresql://")
            try:
                port = conninfo_to_dict(value).get("port") or "5432"
            except ProgrammingError:
                raise ValueError("cannot be read as an address") from None
            if not str(port).isdigit():
                raise ValueError("the port must be a number")
        return value

    @field_validator("email_url", "email_second_url")
    @classmethod
    def check_email_url(cls, value: str) -> str:
        scheme = urlsplit(value).scheme
        if scheme.startswith("anymail+"):
            if find_spec(f"anymail.backends.{scheme.removeprefix('anymail+')}") is None:
                raise ValueError("names a provider that django-anymail does not know")
        elif value not in ("", "outbox:"):
            _parts(value, "smtp", "smtps")
        return value

    @field_validator("mailbox_url")
    @classmethod
    def check_mailbox_url(cls, value: str) -> str:
        if value and not _parts(value, "imap", "imaps").username:
            raise ValueError("must name the user before the host")
        return value

    @field_validator("mail_hooks")
    @classmethod
    def check_mail_hooks(cls, value: str) -> str:
        for hook in value.split():
            parts = urlsplit(hook)
            if not parts.scheme or not any(given for _name, given in parse_qsl(parts.query)):
                raise ValueError("each must name a provider and a secret that it knows")
        return value

    @field_validator("reply_domain")
    @classmethod
    def check_reply_domain(cls, value: str) -> str:
        if value:
            try:
                EmailValidator()(f"reply@{value}")
            except ValidationError:
                raise ValueError("must be a domain, like answers.example.org") from None
        return value

    @field_validator("from_email")
    @classmethod
    def check_from_email(cls, value: str) -> str:
        try:
            EmailValidator()(parseaddr(value)[1])
        except ValidationError:
            raise ValueError("must be an email address, like news@example.org or News <news@example.org>") from None
        return value

    @field_validator("tile_url")
    @classmethod
    def check_tile_url(cls, value: str) -> str:
        if value:
            _parts(value, "https")
            if not all(part in value for part in ("{z}", "{x}", "{y}")):
                raise ValueError("must contain {z}, {x} and {y}")
        return value

    @field_validator("secret_key")
    @classmethod
    def check_secret_key(cls, value: str) -> str:
        if value and len(value) < 50:
            raise ValueError("must have at least 50 characters")
        return value

    @property
    def home(self) -> Path:
        """The data folder, absolute; made when missing, readable by its owner only."""
        folder = self.groundswell_home.expanduser().absolute()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadSettings(
                f"GROUNDSWELL_HOME is {str(folder)!r}. Expected: a folder, or where one can be made ({error.strerror})."
            ) from None
        return folder

    def secret(self) -> str:
        """The secret key: from the environment, else the kept one, else a new one that is kept."""
        if self.secret_key:
            return self.secret_key
        file = self.home / "secret"
        if not file.exists():
            new = self.home / f"secret.{os.getpid()}"
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(64))
            with contextlib.suppress(FileExistsError):  # another process was first: its secret stands
                file.hardlink_to(new)
            new.unlink()
        kept = file.read_text().strip()
        if len(kept) < 50:
            raise BadSettings(f"The kept secret in {file} is damaged. Delete the file; everybody signs in again.")
        return kept


def _parts(value: str, *schemes: str) -> SplitResult:
    """The parts of an address with a host. Raises ValueError."""
    expected = " or ".join(f"{scheme}://" for scheme in schemes)
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must begin with {expected} and name a host")
    if parts.port == 0:  # reading the port checks it
        raise ValueError("the port must be a number from 1 to 65535")
    return parts


@lru_cache(maxsize=1)
def load() -> Env:
    """The settings of this process.

    Raises:
        BadSettings: with one line for each malformed setting.
    """
    try:
        return Env()
    except Malformed as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            wanted = Env.model_fields[name].description
            value = "malformed" if name in SECRETS else repr(problem["input"])
            lines.append(f"{name.upper()} is {value}. Expected: {wanted} ({problem['msg']})")
        raise BadSettings("\n".join(lines)) from None
