"""Reference data of messages: deadline policies and demo competent bodies."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.data_files import load_yaml
from app.legal_acts import service as legal_acts
from app.legal_acts.rules import LegalActKind
from app.messages.models import CompetentBody, Deadline, DeadlinePolicy, Message
from app.messages.rules.states import OPEN_STATES
from app.messages.service import deadlines


async def load_reference(session: AsyncSession) -> None:
    """Insert missing default deadline policies with their legal acts, without changing existing ones.

    Open messages without deadlines get theirs.
    """
    data = load_yaml(__file__, "deadline_policies.yaml")
    await session.flush()  # the acts are loaded by a query
    acts = {}
    for key, named in data["acts"].items():
        day = date.fromisoformat(named["signed_on"])
        act = await legal_acts.find_act(session, LegalActKind(named["kind"]), named["number"], day)
        acts[key] = act.id if act else None
    known = set((await session.exec(select(DeadlinePolicy.key))).all())
    for raw in data["policies"]:
        if raw["key"] in known:
            continue
        values = {name: value for name, value in raw.items() if name != "act"}
        act_id = acts[raw["act"]] if "act" in raw else None
        session.add(DeadlinePolicy.model_validate({"pauses": [], **values}, update={"legal_act_id": act_id}))
    await session.flush()  # the policies are loaded by a query
    await _create_missing_deadlines(session)


async def load_demo(session: AsyncSession) -> None:
    """Insert missing demo competent bodies."""
    known = set((await session.exec(select(CompetentBody.name))).all())
    for raw in load_yaml(__file__, "demo_competent_bodies.yaml")["competent_bodies"]:
        if raw["name"] not in known:
            session.add(CompetentBody.model_validate(raw))


async def _create_missing_deadlines(session: AsyncSession) -> None:
    """Create deadlines for open messages that have none."""
    known = select(Deadline.id).where(col(Deadline.message_id) == col(Message.id)).exists()
    waiting = select(Message).where(sa.not_(known), col(Message.state).in_(OPEN_STATES))
    for message in (await session.exec(waiting)).all():
        await deadlines.create_deadlines(session, message)
