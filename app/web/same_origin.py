"""CSRF protection of HTML forms: a POST from another site's page is rejected by its headers."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from app.core.deps import PublicUrl
from app.core.problems import Forbidden


class ForeignForm(Forbidden):
    """The form was submitted from another site's page."""

    code = "foreign_form"
    title_ru, title_en = "Форма отправлена с другого сайта", "The form was submitted from another site"
    detail_ru = "Откройте страницу на нашем сайте и отправьте форму ещё раз."
    detail_en = "Open the page on this site and submit the form again."


def require_same_origin(request: Request, public_url: PublicUrl) -> None:
    """Raise `ForeignForm` if a browser sends the form from another site.

    `Sec-Fetch-Site` decides if present (`none` is a direct action of the user, such as a reload); older browsers send
    `Origin`; a client that sends neither is not a browser and has no ambient credentials.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignForm
        return
    origin = request.headers.get("origin")
    if origin is not None and origin != public_url and not _is_own_host(request, origin):
        raise ForeignForm


def _is_own_host(request: Request, origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.headers.get("host", "").lower() != ""
    except ValueError:
        return False


SameOrigin = Annotated[None, Depends(require_same_origin)]
