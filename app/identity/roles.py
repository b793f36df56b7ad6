"""Scopes and roles: a role is a named set of scopes (the table in the API's description)."""

from enum import StrEnum

SCOPES: dict[str, str] = {
    "organizations:read": "Read organizations, units, employees' names, topics and legal acts",
    "organizations:write": "Create and change organizations, units, topics, municipalities and legal acts",
    "employees:read": "Read employees with their roles",
    "employees:write": "Create, change and disable employees and reset their passwords",
    "substitutions:read": "Read substitutions of heads",
    "substitutions:write": "Create and cancel substitutions of heads",
    "notifications:read": "Read own notifications and mark them as read",
    "clients:read": "Read API clients",
    "clients:write": "Create, change and disable API clients and rotate their secrets",
    "points:read": "Read interaction points",
    "points:write": "Create and change interaction points",
    "points:approve": "Approve, suspend and withdraw interaction points",
    "points:coverage": "Read the regulation coverage of interaction points",
    "messages:read": "Read messages and replies of one's own unit or at granted interaction points",
    "messages:register": "Register messages",
    "messages:triage": "Triage messages: set competence, topic and unit",
    "messages:assign": "Claim and assign messages within one's own unit",
    "messages:export": "Export messages of one's own unit as a table",
    "messages:extend": "Extend the deadline of the final reply within the law",
    "messages:move": "Move messages to another unit of the organization",
    "policies:read": "Read and preview deadline policies and the working calendar",
    "policies:write": "Change deadline policies and the working calendar",
    "replies:write": "Draft, change and submit replies for approval",
    "replies:approve": "Approve and return replies",
    "replies:send": "Send approved replies",
    "reply_check:read": "Read the word lists and rules of the reply check",
    "reply_check:write": "Change the word lists and rules of the reply check",
    "templates:read": "Read and use reply templates",
    "templates:write": "Create and change reply templates",
    "templates:usage": "Read usage figures of reply templates",
    "templates:publish": "Publish and archive reply templates",
    "synonyms:read": "Read the synonyms of the template search",
    "synonyms:write": "Change the synonyms of the template search",
    "surveys:read": "Read survey submissions",
    "surveys:submit": "Submit survey submissions from another system",
    "surveys:enter": "Enter paper questionnaires",
    "links:write": "Create one-time survey links",
    "forms:write": "Create and publish survey form versions",
    "control:read": "Read and resolve the control notes of one's own unit",
    "control:note": "Create control notes",
    "control:write": "Control one's own unit: queue, workload, monthly sign-off",
    "monitoring:read": "Read satisfaction monitoring",
    "monitoring:follow_up": "Work on and resolve unmet needs",
    "targets:write": "Set the targets of units",
    "monitoring:all_units": "Read the monitoring of all units",
    "audit:read": "Read the audit trail",
    "deliveries:read": "Read the state of everything that leaves the house, without its content",
    "deliveries:write": "Retry failed and uncertain deliveries",
}


class Role(StrEnum):
    """Roles of employees and API clients."""

    ADMIN = "admin"
    UNIT_HEAD = "unit_head"
    OPERATOR = "operator"
    CLIENT_CENTRICITY = "client_centricity"
    PRESS = "press"
    INTEGRATION = "integration"


_READER = {"organizations:read", "points:read", "policies:read", "notifications:read", "synonyms:read"}
_OPERATOR = _READER | {
    "messages:read",
    "messages:register",
    "messages:triage",
    "messages:assign",
    "replies:write",
    "replies:send",
    "reply_check:read",
    "templates:read",
    "templates:write",
    "templates:usage",
    "control:read",
}

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.ADMIN: frozenset(
        _READER
        | {
            "organizations:write",
            "employees:read",
            "employees:write",
            "substitutions:read",
            "substitutions:write",
            "clients:read",
            "clients:write",
            "points:write",
            "points:approve",
            "points:coverage",
            "policies:write",
            "synonyms:write",
            "reply_check:read",
            "reply_check:write",
            "audit:read",
            "deliveries:read",
            "deliveries:write",
        }
    ),
    Role.UNIT_HEAD: frozenset(
        _OPERATOR
        | {
            "messages:move",
            "messages:extend",
            "messages:export",
            "control:note",
            "control:write",
            "replies:approve",
            "templates:publish",
            "synonyms:write",
            "monitoring:read",
            "monitoring:follow_up",
            "employees:read",
            "substitutions:read",
            "substitutions:write",
            "points:coverage",
        }
    ),
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.CLIENT_CENTRICITY: frozenset(
        _READER
        | {
            "points:coverage",
            "surveys:read",
            "surveys:enter",
            "links:write",
            "forms:write",
            "monitoring:read",
            "monitoring:follow_up",
            "monitoring:all_units",
            "targets:write",
            "templates:usage",
            "control:read",
            "control:note",
        }
    ),
    Role.PRESS: frozenset(_READER),
    Role.INTEGRATION: frozenset(
        {"points:read", "messages:register", "messages:read", "surveys:submit", "surveys:read"}
    ),
}


def scopes_of(roles: frozenset[str]) -> frozenset[str]:
    """All scopes that the roles give together; an unknown role gives none."""
    known = {role.value: scopes for role, scopes in ROLE_SCOPES.items()}
    return frozenset().union(*(known.get(role, frozenset()) for role in roles))
