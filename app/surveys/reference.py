"""Reference data of the survey: the form of Appendix 1, inserted if missing and never overwritten."""

from datetime import date

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.surveys.models.forms import SurveyForm, SurveySource
from app.surveys.rules.form import FormState
from app.surveys.statutory_wording import load_order_form


async def load_reference(session: AsyncSession) -> None:
    """Insert version 1 of the form of Appendix 1 if missing; it is valid since the approval of the list of points."""
    form = load_order_form()
    key, version = form["key"], form["version"]
    known = select(SurveyForm.id).where(SurveyForm.key == key, SurveyForm.form_version == version)
    if (await session.exec(known)).first() is None:
        session.add(
            SurveyForm(
                key=key,
                form_version=version,
                state=FormState.PUBLISHED,
                valid_from=date(2024, 2, 15),
                definition={"form": form},
                created_at=clock.now(),
            )
        )
        session.add_all(SurveySource(form=key, key=raw["key"], suffix=raw["suffix"]) for raw in form["sources"])
        await session.flush()  # later reference data reads the form
