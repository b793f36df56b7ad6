"""Settings: one frozen object built from `APP_…` variables and given to `create_app`; never a module global."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_LENGTH = 32
_WEAK = re.compile(r"secret|change|default|example|password|12345|qwerty|test", re.IGNORECASE)


class Profile(StrEnum):
    """How the service runs: `production` for the ministry, `demo` for `make run` and tests."""

    PRODUCTION = "production"
    DEMO = "demo"


def is_weak_secret(secret: str) -> bool:
    """Whether a secret is too short, too plain or made of words that stand in examples."""
    return len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < 12 or bool(_WEAK.search(secret))  # noqa: PLR2004


class Settings(BaseSettings):
    """Every setting, with its default. `docs/settings.md` lists them, and a test holds the page to this class."""

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True, extra="ignore", env_ignore_empty=True)

    profile: Profile = Field(Profile.PRODUCTION, description="`production` or `demo`.")
    var_dir: Path = Field(Path("var"), description="Folder of what the service makes itself.")
    database_url: SecretStr = Field(
        SecretStr(""),
        description="`sqlite:///…` or `postgresql://…`; empty: `app.sqlite3` in the var folder.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs cursors, cookies and one-time links; 32 characters or more."
    )
    signing_key: SecretStr = Field(
        SecretStr(""), description="RSA private key (PEM, or the path of a PEM file) that signs access tokens."
    )
    issuer: str = Field("client-interaction", min_length=1, description="`iss` of our own tokens.")
    audience: str = Field("client-interaction-api", min_length=1, description="`aud` of our own tokens.")
    access_token_seconds: int = Field(900, ge=60, le=3600, description="Life of an access token.")
    refresh_token_days: int = Field(14, ge=1, le=90, description="Life of a family of refresh tokens.")
    idp_issuer: str = Field("", description="Issuer of the ministry's identity provider; empty: none.")
    idp_jwks_url: str = Field("", description="JWKS address of the identity provider; empty: none.")
    idp_audience: str = Field("", description="`aud` that the identity provider's tokens carry for this service.")
    idp_jwks_seconds: int = Field(300, ge=10, le=86_400, description="How long the provider's keys are cached.")
    sign_in_failures: int = Field(10, ge=3, le=100, description="Failed sign-ins of one account before a soft lock.")
    sign_in_window_minutes: int = Field(15, ge=1, le=1440, description="Window of the failures, and the lock's length.")
    database_pool_size: int = Field(8, ge=1, le=64, description="Database connections a process holds at most.")
    database_pool_timeout: float = Field(2.0, gt=0, le=30, description="Seconds to wait for one before 503.")
    database_statement_seconds: float = Field(5.0, gt=0, le=600, description="PostgreSQL: limit of one statement.")
    database_lock_seconds: float = Field(3.0, gt=0, le=60, description="Limit of waiting for a lock.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body; more is 413.")
    max_import_bytes: int = Field(20_971_520, ge=1024, description="Largest table handed in to an import; more is 413.")
    body_timeout_seconds: float = Field(20.0, gt=0, le=600, description="Longest time to send a body; more is 408.")
    max_concurrent_requests: int = Field(256, ge=1, description="Requests at work in a process; more are 503.")
    rate_limit: str = Field(
        "on", pattern="^(on|off)$", description="`off` is for load and fault tests, refused outside the demo profile."
    )
    rate_limit_per_minute: int = Field(3000, ge=1, description="Calls a minute for one signed-in caller.")
    rate_limit_anonymous_per_minute: int = Field(
        1200, ge=1, description="Calls a minute for one address without a token; an office shares one."
    )
    rate_limit_questionnaires_per_minute: int = Field(
        600, ge=1, description="Questionnaires a minute that the page `/survey/…` takes from one address."
    )
    rate_limit_codes_per_minute: int = Field(
        60, ge=1, description="Codes of saved questionnaires a minute that one address may try."
    )
    public_url: str = Field(
        "", description="The service's address as people see it, for links and QR codes; empty: the one called."
    )
    cors_origins: str = Field("", description="Origins allowed by CORS, separated by commas; empty: none.")
    trusted_proxies: str = Field("", description="Addresses whose `X-Forwarded-For` counts; empty: nobody's.")
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token of `/metrics` for callers off loopback.")
    embedded_worker: bool = Field(True, description="Whether the server relays the outbox itself.")
    worker_poll_seconds: float = Field(0.5, gt=0, le=60, description="How often the worker looks for work.")
    deadline_poll_seconds: float = Field(
        5.0, gt=0, le=300, description="How often the worker looks for reminders and missed deadlines."
    )
    delivery_timeout_seconds: float = Field(20.0, gt=0, le=300, description="Time limit of one call of a partner.")
    delivery_attempts: int = Field(15, ge=1, le=100, description="Attempts before a delivery is given up.")
    delivery_kept_days: int = Field(30, ge=1, le=3650, description="How long sent deliveries are kept.")
    delivery_failed_kept_days: int = Field(
        365, ge=1, le=3650, description="How long failed and uncertain deliveries are kept."
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged.")

    @field_validator("idp_jwks_url", "public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not re.match(r"https?://", value):
            raise ValueError("must be an http(s) address")
        return value

    @model_validator(mode="after")
    def _refuse_what_is_unsafe(self) -> Self:
        if bool(self.idp_issuer) != bool(self.idp_jwks_url) or bool(self.idp_issuer) != bool(self.idp_audience):
            raise ValueError("APP_IDP_ISSUER, APP_IDP_JWKS_URL and APP_IDP_AUDIENCE are set together")
        if self.profile is Profile.DEMO:
            return self
        if self.rate_limit == "off":
            raise ValueError("APP_RATE_LIMIT=off is allowed in the demo profile only")
        if is_weak_secret(self.secret_key.get_secret_value()):
            raise ValueError(f"APP_SECRET_KEY is missing or weak: {MIN_SECRET_LENGTH} random characters at least")
        if not self.signing_key.get_secret_value():
            raise ValueError("APP_SIGNING_KEY is missing: an RSA private key in PEM, or the path of one")
        token = self.metrics_token.get_secret_value()
        if token and is_weak_secret(token):
            raise ValueError("APP_METRICS_TOKEN is weak")
        return self

    @property
    def is_demo(self) -> bool:
        """Whether demo accounts may exist."""
        return self.profile is Profile.DEMO

    @property
    def database_address(self) -> str:
        """The plain database address, the embedded one unless another was given."""
        return self.database_url.get_secret_value() or f"sqlite:///{(self.var_dir / 'app.sqlite3').absolute()}"

    @property
    def accounts_file(self) -> Path:
        """Where the demo profile writes its accounts (mode 600)."""
        return self.var_dir / "demo-accounts.json"

    def list_of(self, value: str) -> list[str]:
        """The parts of a comma-separated setting."""
        return [part.strip() for part in value.split(",") if part.strip()]
