"""Pure rules of the working calendar."""
