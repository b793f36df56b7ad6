"""Problems of notifications."""

from app.core.problems import NotFound


class NotificationNotFound(NotFound):
    """There is no such notification, or it is another employee's."""

    code = "notification_not_found"
    title_ru, title_en = "Уведомление не найдено", "Notification not found"
