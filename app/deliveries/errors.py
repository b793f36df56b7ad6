"""Problems of deliveries."""

from app.core.problems import Conflict, NotFound


class DeliveryNotFound(NotFound):
    """The delivery does not exist."""

    code = "delivery_not_found"
    title_ru, title_en = "Отправка не найдена", "Delivery not found"


class DeliveryNotRetryable(Conflict):
    """The delivery is neither failed nor uncertain."""

    code = "delivery_not_retryable"
    title_ru, title_en = "Отправку нельзя повторить", "The delivery cannot be retried"
    detail_ru = "Повторить можно только неудавшуюся отправку или отправку с неизвестным результатом."
    detail_en = "Only a failed or uncertain delivery can be retried."
