"""The typed state of the application: what all requests of a process share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from app.core.db import Database
from app.core.metrics import Metrics
from app.core.problems import Problem
from app.core.settings import Settings

if TYPE_CHECKING:
    from app.core.security import PrincipalResolver

T = TypeVar("T")
ErrorPage = Callable[[Problem, Request, str], Response]
"""Builds the Russian HTML page of a problem with the request id; implemented by `web`."""


@dataclass(slots=True)
class AppState:
    """Everything that is made once per process. Domains add objects of their own classes with `provide`."""

    settings: Settings
    database: Database
    metrics: Metrics
    resolver: PrincipalResolver
    migration_head: str
    error_page: ErrorPage
    is_stopping: bool = False
    _provided: dict[type, Any] = field(default_factory=dict)

    def provide(self, *objects: Any) -> None:
        """Add objects, each to be found by its class."""
        self._provided |= {type(one): one for one in objects}

    def get(self, kind: type[T]) -> T:
        """Return the object of a class that was provided. Raises `KeyError`."""
        found: T = self._provided[kind]
        return found


def get_state(request: Request) -> AppState:
    """Return the state of the application that received the request."""
    state: AppState = request.app.state
    return state
