"""Loading of the reference data and, in the demo profile, the demo data; loading twice changes nothing."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.interaction_points import reference as interaction_points
from app.legal_acts import service as legal_acts
from app.messages import reference as messages
from app.organizations import reference as organizations
from app.reply_templates import reference as reply_templates
from app.reply_templates.search import reference as template_search
from app.surveys import reference as surveys
from app.text_check import reference as reply_check


async def load(session: AsyncSession, *, is_demo: bool) -> None:
    """Insert missing data; rows that an administrator changed are not overwritten."""
    await organizations.load_reference(session)
    await legal_acts.load_reference(session)
    if is_demo:
        await organizations.load_demo(session)
    await interaction_points.load_reference(session)
    await template_search.load_reference(session)
    await reply_check.load_reference(session)
    if is_demo:
        await interaction_points.load_demo(session)
        await reply_templates.load_demo(session)
    await messages.load_reference(session)
    if is_demo:
        await messages.load_demo(session)
    await surveys.load_reference(session)
