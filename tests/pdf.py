"""What is printed, read as a stranger would."""

import io
import re

from pypdf import PdfReader


def text_of(content: bytes) -> str:
    """The text of all pages, a blank between words; words parted at the end of a line are whole again."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return re.sub(r"\s+", " ", re.sub("[-\u2010\u00ad]\n", "", "\n".join(pages)))
