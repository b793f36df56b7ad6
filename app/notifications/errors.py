"""Problems of notifications."""

from app.core.problems import NotFound


class NotificationNotFound(NotFound):
    """The notification does not exist or belongs to another employee."""

    code = "notification_not_found"
    title_ru, title_en = "Уведомление не найдено", "Notification not found"
