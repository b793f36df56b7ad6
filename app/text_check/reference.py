"""The tables of the check out of the box: inserted when missing, never overwritten."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.data_files import load_yaml
from app.text_check.models import CheckEntry, CheckRule, EntryKind
from app.text_check.rules.findings import RuleCode
from app.text_check.schemas import CheckRulePatch
from app.text_check.service import build_entry


async def load_reference(session: AsyncSession) -> None:
    """Phrases, abbreviations, positive emoji, and how each rule is set. A closed entry stays closed."""
    told = load_yaml(__file__, "phrases.yaml") | load_yaml(__file__, "abbreviations.yaml")
    told |= {key: dict.fromkeys(texts) for key, texts in load_yaml(__file__, "emoji.yaml").items()}
    known = set((await session.exec(select(CheckEntry.kind, CheckEntry.matched))).all())
    for kind, entries in told.items():
        for text, replacement in entries.items():
            row = build_entry(EntryKind(kind), text, replacement)
            if (row.kind, row.matched) not in known:
                session.add(row)
    rules = set((await session.exec(select(CheckRule.code))).all())
    for code, raw in load_yaml(__file__, "rules.yaml")["rules"].items():
        if RuleCode(code) not in rules:
            setting = CheckRulePatch.model_validate(raw).model_dump()
            session.add(CheckRule(code=RuleCode(code), updated_at=clock.now(), **setting))
    await session.flush()  # what comes next checks texts
