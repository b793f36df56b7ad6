"""Which replies a head approves before they are sent: a rule of each unit (O-10)."""

from app.organizations.models import ApprovalRule


def needs_approval(rule: ApprovalRule, *, has_template: bool) -> bool:
    """Whether a reply goes to the head; `has_template`: its text is a published template's, filled in."""
    return rule is ApprovalRule.ALWAYS or (rule is ApprovalRule.WITHOUT_TEMPLATE and not has_template)
