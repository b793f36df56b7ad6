"""The kinds of notifications."""

from enum import StrEnum


class NotificationKind(StrEnum):
    """Why an employee should look."""

    DEADLINE_REMINDER = "deadline_reminder"
    DEADLINE_ESCALATION = "deadline_escalation"
    DEADLINE_MOVED = "deadline_moved"
    REPLY_SUBMITTED = "reply_submitted"
    REPLY_RETURNED = "reply_returned"
    MESSAGE_ASSIGNED = "message_assigned"
    CLIENT_WROTE_AGAIN = "client_wrote_again"
    MESSAGE_REVISED = "message_revised"
    REPLY_NOT_SENT = "reply_not_sent"
    REPLY_UNCERTAIN = "reply_uncertain"
    TEMPLATE_REVIEW_NEAR = "template_review_near"
    TEMPLATE_REVIEW_OVERDUE = "template_review_overdue"
    TARGET_NOT_REACHED = "target_not_reached"
