"""Kinds of messages, replies and decisions."""

from enum import StrEnum


class MessageKind(StrEnum):
    """A direct message, or a comment that is publicly visible."""

    MESSAGE = "message"
    COMMENT = "comment"


class MessageClass(StrEnum):
    """The legal class of a message. A comment is not an appeal under 59-FZ."""

    MESSAGE = "message"
    APPEAL = "appeal"
    INFORMATION_REQUEST = "information_request"
    MEDIA_REQUEST = "media_request"


class Competence(StrEnum):
    """Whether the question is within the ministry's competence (O-6.2.1)."""

    WITHIN = "within"
    OUTSIDE = "outside"
    UNCLEAR = "unclear"


class Priority(StrEnum):
    """The priority of a message."""

    NORMAL = "normal"
    URGENT = "urgent"


class ReplyKind(StrEnum):
    """An answer on the merits, an offer to continue in another channel (O-6.2.3b), or a notice."""

    ANSWER = "answer"
    CHANNEL_TRANSFER = "channel_transfer"
    NOTICE = "notice"
    """Informs the client of a redirect or an extension; created by these actions."""


class StartEvent(StrEnum):
    """The event that starts a deadline."""

    RECEIPT = "receipt"
    REGISTRATION = "registration"


class PauseReason(StrEnum):
    """The reason for a pause: the client was asked to continue in another channel (O-6.2.3b)."""

    AWAITING_CLIENT = "awaiting_client"


class NoAnswerReason(StrEnum):
    """The legal reason for leaving an appeal unanswered on the merits (59-FZ, article 11)."""

    NO_NAME_OR_ADDRESS = "no_name_or_address"
    UNREADABLE = "unreadable"
    ESSENCE_UNCLEAR = "essence_unclear"
    OBSCENE_OR_THREATENING = "obscene_or_threatening"
    ANSWERED_REPEATEDLY = "answered_repeatedly"


class RevisionKind(StrEnum):
    """What happened to a message at its source after registration."""

    EDITED = "edited"
    DELETED = "deleted"


class BulkAction(StrEnum):
    """Actions available in bulk."""

    ASSIGN = "assign"
    SPAM = "spam"
    CLOSE = "close"
