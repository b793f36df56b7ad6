"""The rules of the reply check by family: pure functions, linear in the length of the text."""
