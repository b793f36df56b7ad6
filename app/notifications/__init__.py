"""What an employee should look at: reminders, escalations, returns (O-10). Texts hold no personal data of clients."""
