"""Parameters of the ranking of templates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """Parameters of the ranking, tuned only on the `dev` split of the labelled messages (see bench)."""

    title: float = 1.5
    keywords: float = 3.0
    examples: float = 1.5
    text: float = 1.2
    saturation: float = 1.2
    length: float = 0.45
    typical_length: float = 60.0
    assumed_templates: float = 50.0
    """Smoothing: additional templates assumed to lack the word, so that a word is not common in a small base."""
    unknown_word: float = 0.8
    """The penalty of a word that no template has, as a share of the weight of the rarest word."""
    min_letter_similarity: float = 0.5
    """The minimum letter similarity of two spellings of one word."""
    similar_word: float = 0.6
    """The weight of a word matched only by a similarly spelled one."""
    bias: float = -6.0
    strength: float = 3.0
    coverage: float = 5.3
    example_similarity: float = 4.6
    known_share: float = 1.2
    peak: float = 1.7
    foreign: float = 2.4
    topic: float = 1.0
    threshold: float = 0.35
    """The minimum score of a suggestion."""
    min_message_similarity: float = 0.4
    """The minimum similarity of two similar messages."""
    vote_smoothing: float = 2.0
    """Smoothing of learned votes, so that few choices weigh little: chosen / (similar + vote_smoothing)."""
    max_learned_share: float = 0.7
    """The maximum share of the distance to 1 that learning can add."""


TUNING = Tuning()
