"""Initial synonym groups: inserted when missing, never overwritten."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.data_files import load_yaml
from app.reply_templates.search.models import SynonymGroup
from app.reply_templates.search.rules.synonyms import SynonymKind


async def load_reference(session: AsyncSession) -> None:
    """Insert the missing synonym groups; each is named after its first term."""
    known = set((await session.exec(select(SynonymGroup.kind, SynonymGroup.name))).all())
    raw = load_yaml(__file__, "synonyms.yaml")
    for kind in SynonymKind:
        for terms in raw[kind.value]:
            if (kind, terms[0]) not in known:
                session.add(SynonymGroup(kind=kind, name=terms[0], terms=terms))
    await session.flush()  # later reference loaders read the synonyms
