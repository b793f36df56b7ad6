"""Settings: one frozen object built from `APP_…` variables and passed to `create_app`; never a module global."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_LENGTH = 32
_WEAK = re.compile(r"secret|change|default|example|password|12345|qwerty|test", re.IGNORECASE)


class Profile(StrEnum):
    """The run profile: `production` for the ministry, `demo` for `make run` and tests."""

    PRODUCTION = "production"
    DEMO = "demo"


def is_weak_secret(secret: str) -> bool:
    """Return whether a secret is too short, has too few different characters or contains words used in examples."""
    return len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < 12 or bool(_WEAK.search(secret))  # noqa: PLR2004


class Settings(BaseSettings):
    """All settings with their defaults. `docs/settings.md` is generated from this class."""

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True, extra="ignore", env_ignore_empty=True)

    profile: Profile = Field(Profile.PRODUCTION, description="`production` or `demo`.")
    var_dir: Path = Field(Path("var"), description="Folder of the files that the service creates.")
    database_url: SecretStr = Field(
        SecretStr(""),
        description="`sqlite:///…` or `postgresql://…`; empty: `app.sqlite3` in `APP_VAR_DIR`.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs cursors, cookies and one-time links; at least 32 characters."
    )
    signing_key: SecretStr = Field(
        SecretStr(""), description="RSA private key (PEM, or the path of a PEM file) that signs access tokens."
    )
    issuer: str = Field("client-interaction", min_length=1, description="`iss` of the service's own tokens.")
    audience: str = Field("client-interaction-api", min_length=1, description="`aud` of the service's own tokens.")
    access_token_seconds: int = Field(900, ge=60, le=3600, description="Lifetime of an access token.")
    refresh_token_days: int = Field(14, ge=1, le=90, description="Lifetime of a family of refresh tokens.")
    idp_issuer: str = Field("", description="Issuer of the ministry's identity provider; empty: none.")
    idp_jwks_url: str = Field("", description="JWKS URL of the identity provider; empty: none.")
    idp_audience: str = Field("", description="`aud` of the identity provider's tokens for this service.")
    idp_jwks_seconds: int = Field(300, ge=10, le=86_400, description="How long the provider's keys are cached.")
    sign_in_failures: int = Field(
        10, ge=3, le=100, description="Failed sign-ins to one account before a temporary lock."
    )
    sign_in_window_minutes: int = Field(
        15, ge=1, le=1440, description="Window in which failures count, and length of the lock."
    )
    database_pool_size: int = Field(8, ge=1, le=64, description="Maximum number of database connections per process.")
    database_pool_timeout: float = Field(2.0, gt=0, le=30, description="Seconds to wait for a connection before 503.")
    database_statement_seconds: float = Field(5.0, gt=0, le=600, description="PostgreSQL: time limit of a statement.")
    database_lock_seconds: float = Field(3.0, gt=0, le=60, description="PostgreSQL: time limit of waiting for a lock.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Maximum size of a request body; larger ones get 413.")
    max_import_bytes: int = Field(
        20_971_520, ge=1024, description="Maximum size of an imported table; larger ones get 413."
    )
    body_timeout_seconds: float = Field(
        20.0, gt=0, le=600, description="Time limit for sending a body; slower ones get 408."
    )
    max_concurrent_requests: int = Field(
        256, ge=1, description="Maximum number of concurrent requests per process; further ones get 503."
    )
    rate_limit: str = Field(
        "on",
        pattern="^(on|off)$",
        description="`off` is for load and fault tests and only allowed in the demo profile.",
    )
    rate_limit_per_minute: int = Field(3000, ge=1, description="Calls per minute of one authenticated caller.")
    rate_limit_anonymous_per_minute: int = Field(
        1200, ge=1, description="Calls per minute from one address without a token; an office shares one address."
    )
    rate_limit_questionnaires_per_minute: int = Field(
        600, ge=1, description="Questionnaires per minute accepted by the page `/survey/…` from one address."
    )
    rate_limit_codes_per_minute: int = Field(
        60, ge=1, description="Codes of saved questionnaires that one address may try per minute."
    )
    public_url: str = Field(
        "", description="Public URL of the service, for links and QR codes; empty: the URL of the request."
    )
    cors_origins: str = Field("", description="Origins allowed by CORS, separated by commas; empty: none.")
    trusted_proxies: str = Field(
        "", description="Addresses of proxies whose `X-Forwarded-For` is trusted; empty: none."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token of `/metrics` for callers that are not on loopback."
    )
    embedded_worker: bool = Field(True, description="Whether the server runs the worker itself.")
    worker_poll_seconds: float = Field(0.5, gt=0, le=60, description="Seconds between the worker's checks for work.")
    deadline_poll_seconds: float = Field(
        5.0, gt=0, le=300, description="Seconds between the worker's checks for reminders and missed deadlines."
    )
    delivery_timeout_seconds: float = Field(
        20.0, gt=0, le=300, description="Time limit of one call to a partner system."
    )
    delivery_attempts: int = Field(15, ge=1, le=100, description="Attempts before a delivery fails for good.")
    delivery_kept_days: int = Field(30, ge=1, le=3650, description="Days for which sent deliveries are kept.")
    delivery_failed_kept_days: int = Field(
        365, ge=1, le=3650, description="Days for which failed and uncertain deliveries are kept."
    )
    outbox_kept_days: int = Field(7, ge=1, le=365, description="Days for which handled events are kept.")
    idempotency_kept_hours: int = Field(
        48, ge=24, le=720, description="Hours for which `Idempotency-Key` values and their responses are kept."
    )
    token_families_kept_days: int = Field(
        30, ge=1, le=3650, description="Days for which sessions and their refresh tokens are kept after they expire."
    )
    imports_kept_days: int = Field(
        365, ge=7, le=3650, description="Days for which reports of imports are kept, unless an object names its import."
    )
    import_uploads_kept_hours: int = Field(
        24, ge=1, le=720, description="Hours after which an unfinished import fails and its uploaded rows are deleted."
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Minimum level that is logged.")

    @field_validator("idp_jwks_url", "public_url")
    @classmethod
    def _validate_url(cls, value: str) -> str:
        if value and not re.match(r"https?://", value):
            raise ValueError("must be an http(s) URL")
        return value

    @model_validator(mode="after")
    def _validate_security(self) -> Self:
        if bool(self.idp_issuer) != bool(self.idp_jwks_url) or bool(self.idp_issuer) != bool(self.idp_audience):
            raise ValueError("APP_IDP_ISSUER, APP_IDP_JWKS_URL and APP_IDP_AUDIENCE must be set together")
        if self.profile is Profile.DEMO:
            return self
        if self.rate_limit == "off":
            raise ValueError("APP_RATE_LIMIT=off is only allowed in the demo profile")
        if is_weak_secret(self.secret_key.get_secret_value()):
            raise ValueError(f"APP_SECRET_KEY is missing or weak: use at least {MIN_SECRET_LENGTH} random characters")
        if not self.signing_key.get_secret_value():
            raise ValueError("APP_SIGNING_KEY is missing: use an RSA private key in PEM or the path of a PEM file")
        token = self.metrics_token.get_secret_value()
        if token and is_weak_secret(token):
            raise ValueError("APP_METRICS_TOKEN is weak")
        return self

    @property
    def is_demo(self) -> bool:
        """Return whether demo accounts may exist."""
        return self.profile is Profile.DEMO

    @property
    def database_address(self) -> str:
        """Return the database URL: the configured one or that of the embedded SQLite file."""
        return self.database_url.get_secret_value() or f"sqlite:///{(self.var_dir / 'app.sqlite3').absolute()}"

    @property
    def accounts_file(self) -> Path:
        """Return the path of the demo accounts file (mode 600)."""
        return self.var_dir / "demo-accounts.json"

    def list_of(self, value: str) -> list[str]:
        """Return the parts of a comma-separated setting."""
        return [part.strip() for part in value.split(",") if part.strip()]
