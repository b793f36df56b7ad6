"""Invalid references in a request body: 422 with a pointer, without details of the foreign object."""

from app.core.problems import FieldError, ValidationFailed


def unknown_reference(pointer: str) -> ValidationFailed:
    """Return the error for a reference that is unknown, closed or not available to the caller."""
    return ValidationFailed(
        field_errors=[
            FieldError(
                pointer,
                "unknown_reference",
                "Объект не существует, закрыт или недоступен.",
                "The object does not exist, is closed or is not available to you.",
            )
        ]
    )
