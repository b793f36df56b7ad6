"""API schemas of messages, replies, deadlines and the working calendar."""
