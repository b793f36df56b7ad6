"""The messages for which a template was chosen, as dictionary forms."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

CHOICES_KEPT = 20
"""The number of recent choices kept per template; age does not matter."""


class Choices:
    """The recent choices of numbered templates, found by the words of a message."""

    def __init__(self) -> None:
        self._choices: dict[int, list[frozenset[str]]] = {}
        self._chosen_by: dict[str, set[int]] = defaultdict(set)

    def replace(self, number: int, choices: Sequence[Collection[str]]) -> None:
        """Replace the choices of a template by the newest of these, which stand oldest first."""
        for form in self._list_forms(number):
            self._chosen_by[form].discard(number)
        self._choices[number] = [frozenset(choice) for choice in choices[-CHOICES_KEPT:] if choice]
        for form in self._list_forms(number):
            self._chosen_by[form].add(number)

    def of(self, number: int) -> Sequence[frozenset[str]]:
        """Return the choices of a template."""
        return self._choices.get(number, ())

    def find_numbers(self, forms: Iterable[str]) -> set[int]:
        """Return the templates that were chosen for a message with any of the words."""
        return {number for form in forms for number in self._chosen_by.get(form, ())}

    def _list_forms(self, number: int) -> list[str]:
        return [form for choice in self.of(number) for form in choice]
