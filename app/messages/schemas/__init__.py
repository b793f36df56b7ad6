"""What the API takes and gives about messages, replies, deadlines and the working calendar."""
