"""Scopes and roles: a role is a named set of scopes (the table in the API's description)."""

from enum import StrEnum

SCOPES: dict[str, str] = {
    "organizations:read": "Read organizations, units, employees' names, topics and legal acts",
    "organizations:write": "Keep organizations, units, topics, municipalities and legal acts",
    "employees:read": "Read employees with their roles",
    "employees:write": "Create, change, disable employees and reset their passwords",
    "substitutions:read": "Read who substitutes for the head of a unit",
    "substitutions:write": "Name a deputy of a head for some days, and cancel it",
    "notifications:read": "Read one's own notifications and mark them as read",
    "clients:read": "Read API clients",
    "clients:write": "Create, change, disable API clients and rotate their secrets",
    "points:read": "Read the registry of interaction points",
    "points:write": "Create and change interaction points",
    "points:approve": "Approve, suspend and withdraw interaction points",
    "points:coverage": "Read which points nothing regulates",
    "messages:read": "Read messages and replies of one's own unit, or at the points granted",
    "messages:register": "Hand in messages",
    "messages:triage": "Decide on competence, topic and unit",
    "messages:assign": "Take and assign messages within one's own unit",
    "messages:export": "Export messages of one's own unit as a table",
    "messages:extend": "Extend the final reply within the law",
    "messages:move": "Move messages to another unit of the organization",
    "policies:read": "Read deadline policies and the working calendar, and try policies",
    "policies:write": "Keep deadline policies and the working calendar",
    "replies:write": "Draft, change and submit replies",
    "replies:approve": "Approve and return replies",
    "replies:send": "Send approved replies",
    "reply_check:read": "Read the words and the rules of the reply check",
    "reply_check:write": "Keep the words and the rules of the reply check",
    "templates:read": "Read and use reply templates",
    "templates:write": "Create and change reply templates",
    "templates:usage": "Read how reply templates are used",
    "templates:publish": "Publish and archive reply templates",
    "synonyms:read": "Read the synonyms that finding of templates uses",
    "synonyms:write": "Keep the synonyms that finding of templates uses",
    "surveys:read": "Read survey submissions",
    "surveys:submit": "Hand in survey submissions of another system",
    "surveys:enter": "Key in paper questionnaires",
    "links:write": "Make one-time links to the survey",
    "forms:write": "Make and publish versions of survey forms",
    "control:read": "Read and resolve the control notes of one's own unit",
    "control:note": "Leave control notes",
    "control:write": "Control one's own unit: its queue, workload, monthly sign-off",
    "monitoring:read": "Read satisfaction monitoring",
    "monitoring:follow_up": "Take up and resolve what respondents could not find",
    "targets:write": "Set the targets of units",
    "monitoring:all_units": "Read the monitoring of every unit and not just one's own",
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
