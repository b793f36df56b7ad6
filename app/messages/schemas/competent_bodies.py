"""API schemas of competent bodies."""

from datetime import date
from uuid import UUID

from app.core.schemas import NOT_GIVEN, Input, Output, example
from app.core.types import Address, Day, FreeText, Name, Note


class CompetentBodyCreate(Input):
    """A body competent for questions outside the ministry's competence, with the explanation for clients."""

    name: Name
    questions: Note
    explanation: FreeText
    address: Address | None = None
    model_config = example(
        {
            "name": "Министерство здравоохранения Новосибирской области",
            "questions": "Медицинская помощь, лекарства, работа поликлиник",
            "explanation": "Здравствуйте! На вопросы о медицинской помощи отвечает министерство здравоохранения.",
            "address": "https://zdrav.nso.ru",
        }
    )


class CompetentBodyPatch(Input):
    """Changes to a competent body. A closed body is no longer proposed."""

    name: Name = NOT_GIVEN
    questions: Note = NOT_GIVEN
    explanation: FreeText = NOT_GIVEN
    address: Address | None = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"closed_on": "2026-12-31"})


class CompetentBodyRead(Output):
    """A competent body with its questions and the explanation for clients."""

    id: UUID
    name: str
    questions: str
    explanation: str
    address: str | None
    closed_on: date | None
