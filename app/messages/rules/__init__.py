"""Pure rules of messages: their lives, and the deadlines they are judged by."""
