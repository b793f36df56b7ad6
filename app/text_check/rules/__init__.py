"""The rules of the reply check, one file a family; pure, and linear in the length of the text."""
