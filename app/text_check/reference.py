"""Initial dictionary and rule settings of the reply check: inserted if missing, never overwritten."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.data_files import load_yaml
from app.core.schemas import apply_changes
from app.text_check.models import CheckEntry, CheckRule, EntryKind
from app.text_check.rules.findings import RuleCode
from app.text_check.schemas import CheckRulePatch
from app.text_check.service import build_entry


async def load_reference(session: AsyncSession) -> None:
    """Load phrases, abbreviations, positive emoji and rule settings; closed entries remain closed."""
    dictionary = load_yaml(__file__, "phrases.yaml") | load_yaml(__file__, "abbreviations.yaml")
    dictionary |= {key: dict.fromkeys(texts) for key, texts in load_yaml(__file__, "emoji.yaml").items()}
    existing = set((await session.exec(select(CheckEntry.kind, CheckEntry.matched))).all())
    for kind, entries in dictionary.items():
        for text, replacement in entries.items():
            row = build_entry(EntryKind(kind), text, replacement)
            if (row.kind, row.matched) not in existing:
                session.add(row)
    existing_rules = set((await session.exec(select(CheckRule.code))).all())
    for code, raw in load_yaml(__file__, "rules.yaml")["rules"].items():
        if RuleCode(code) not in existing_rules:
            session.add(build_rule(RuleCode(code), raw))
    await session.flush()  # later loaders check texts


def build_rule(code: RuleCode, raw: Mapping[str, Any]) -> CheckRule:
    """Build a rule with its initial settings."""
    row = CheckRule(code=code, values=[], overrides=[], updated_at=clock.now())
    apply_changes(row, CheckRulePatch.model_validate(raw).changes())
    return row
