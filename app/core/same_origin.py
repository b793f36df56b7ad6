"""Forms of our own pages only: a browser says where a POST comes from, and no other site's form is taken (CSRF)."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from app.core.deps import PublicUrl
from app.core.problems import Forbidden


class ForeignForm(Forbidden):
    """The form was sent from another site's page."""

    code = "foreign_form"
    title_ru, title_en = "Форма отправлена с другого сайта", "The form comes from another site"
    detail_ru = "Откройте страницу на нашем сайте и отправьте форму ещё раз."
    detail_en = "Open the page on our site and send the form again."


def require_same_origin(request: Request, public_url: PublicUrl) -> None:
    """Raise `ForeignForm` for what a browser sends from another site.

    `Sec-Fetch-Site` decides where there is one (`none` is the person's own doing, such as a reload); older browsers
    send `Origin`; what has neither is no browser and carries nobody's rights along.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignForm
        return
    origin = request.headers.get("origin")
    if origin is not None and origin != public_url and not _is_called(request, origin):
        raise ForeignForm


def _is_called(request: Request, origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.headers.get("host", "").lower() != ""
    except ValueError:
        return False


SameOrigin = Annotated[None, Depends(require_same_origin)]
