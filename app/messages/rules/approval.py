"""The approval rule of a unit: which replies a head approves before sending (O-10)."""

from app.organizations.rules import ApprovalRule


def needs_approval(rule: ApprovalRule, *, has_template: bool) -> bool:
    """Return whether a reply needs approval. `has_template`: its text is a rendered published template."""
    return rule is ApprovalRule.ALWAYS or (rule is ApprovalRule.WITHOUT_TEMPLATE and not has_template)
