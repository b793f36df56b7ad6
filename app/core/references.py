"""Ids in a body that point at nothing the caller may use: 422 with a pointer, never an echo of the foreign object."""

from app.core.problems import FieldError, ValidationFailed


def unknown_reference(pointer: str) -> ValidationFailed:
    """The refusal of a body whose reference at that pointer is unknown, closed or not the caller's."""
    return ValidationFailed(
        field_errors=[
            FieldError(
                pointer,
                "unknown_reference",
                "Такого объекта нет, он закрыт или недоступен.",
                "There is no such object, it is closed, or it is not yours.",
            )
        ]
    )
