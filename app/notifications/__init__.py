"""Notifications of employees: reminders, escalations, returns (O-10). Texts contain no personal data of clients."""
